/** The binding by which a page's own script says how a socket was closed: the protocol tells no codes. */
export const closeBinding = '__electionDevClosed'

/** Runs before the page's first script: the codes of its sockets' ends are told. A proxy, so that nothing else about the class changes. */
export const closeTeller = `(() => {
  const tell = globalThis.${closeBinding}
  if (typeof tell !== 'function' || typeof WebSocket !== 'function') return
  delete globalThis.${closeBinding}
  globalThis.WebSocket = new Proxy(WebSocket, {
    construct(target, words, made) {
      const socket = Reflect.construct(target, words, made)
      socket.addEventListener('close', ({ code, reason }) => tell(JSON.stringify({ url: socket.url, code, reason })))
      return socket
    },
  })
})()`
