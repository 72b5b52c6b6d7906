import { expect, test } from 'vitest'
import { excludedRange, parseNetstatListening, parseProcNetListening, readableAddress } from '../../src/facts/listener-tables.ts'

const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4071337 1 0000000000000000 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 18201 1 0000000000000000 100 0 0 10 0
   2: 0100007F:1F40 0100007F:D2F4 01 00000000:00000000 00:00000000 00000000  1000        0 4071400 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:D2F4 0100007F:1F40 06 00000000:00000000 03:00000F2A 00000000     0        0 0 3 0000000000000000
   4: 0500A8C0:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4071338 1 0000000000000000 100 0 0 10 0
`
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:1F40 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4071500 1 0000000000000000 100 0 0 10 0
   1: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 18300 1 0000000000000000 100 0 0 10 0
`

const parseProcNetTcp = (table: string, port: number) =>
  parseProcNetListening(table).flatMap((socket) => (socket.port === port ? [{ address: socket.address, inode: socket.inode }] : []))

test('/proc/net/tcp: listening sockets alone', () => {
  expect(parseProcNetTcp(tcp, 8000)).toEqual([
    { address: '127.0.0.1', inode: '4071337' },
    { address: '192.168.0.5', inode: '4071338' },
  ])
  expect(parseProcNetTcp(tcp, 22)).toEqual([{ address: '0.0.0.0', inode: '18201' }])
  expect(parseProcNetTcp(tcp, 54_004)).toEqual([])
})

test('/proc/net/tcp6', () => {
  expect(parseProcNetTcp(tcp6, 8000)).toEqual([{ address: '::1', inode: '4071500' }])
  expect(parseProcNetTcp(tcp6, 443)).toEqual([{ address: '::', inode: '18300' }])
  expect(parseProcNetTcp('', 443)).toEqual([])
})

test.each([
  ['0100007F', '127.0.0.1'],
  ['00000000', '0.0.0.0'],
  ['00000000000000000000000001000000', '::1'],
  ['0000000000000000FFFF00000100007F', '::ffff:127.0.0.1'],
  ['000080FE000000000000000001000000', 'fe80:0:0:0:0:0:0:1'],
])('%s is %s', (hex, address) => {
  expect(readableAddress(hex)).toBe(address)
})

const english = `
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       1044
  TCP    127.0.0.1:8000         0.0.0.0:0              LISTENING       4711
  TCP    127.0.0.1:8000         127.0.0.1:50712        ESTABLISHED     4711
  TCP    127.0.0.1:18000        0.0.0.0:0              LISTENING       12
  TCP    [::1]:8000             [::]:0                 LISTENING       4712
`
const german = `
Aktive Verbindungen

  Proto  Lokale Adresse         Remoteadresse          Status           PID
  TCP    127.0.0.1:8000         0.0.0.0:0              ABHÖREN         4711
  TCP    127.0.0.1:8000         127.0.0.1:50712        HERGESTELLT     4711
  TCP    [::]:8000              [::]:0                 ABHÖREN         4713
  UDP    0.0.0.0:8000           *:*                                    5000
`

test.each([
  [
    'English',
    english,
    [
      { pid: 4711, address: '127.0.0.1' },
      { pid: 4712, address: '::1' },
    ],
  ],
  [
    'German',
    german,
    [
      { pid: 4711, address: '127.0.0.1' },
      { pid: 4713, address: '::' },
    ],
  ],
  [
    'Windows line ends',
    english.replaceAll('\n', '\r\n'),
    [
      { pid: 4711, address: '127.0.0.1' },
      { pid: 4712, address: '::1' },
    ],
  ],
  ['nothing', '', []],
])('netstat -ano, %s', (_, output, found) => {
  expect(parseNetstatListening(output).filter(({ port }) => port === 8000)).toEqual(found.map((one) => ({ ...one, port: 8000 })))
})

const excluded = `
Protokoll tcp Portausschlussbereiche

Startport   Endport
----------    --------
      5357        5357
      7931        8030
     50000       50059     *

* - Verwaltete Portausschlüsse.
`

test.each([
  [8000, excluded, { from: 7931, to: 8030 }],
  [8030, excluded.replaceAll('\n', '\r\n'), { from: 7931, to: 8030 }],
  [8031, excluded, undefined],
  [50_000, excluded, undefined],
  [8000, '', undefined],
])('what Windows keeps around port %i', (port, output, range) => {
  expect(excludedRange(output, port)).toEqual(range)
})
