/** 100,000 cases for each reader of what strangers write, and for each that asks one. */
import { fuzzReaders } from '../support/fuzz.ts'
import { fuzzAskers } from '../support/fuzz-wire.ts'

fuzzReaders(100_000)
fuzzAskers(100_000)
