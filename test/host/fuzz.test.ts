/** Some of the cases of test/slow/fuzz.test.ts. */
import { fuzzReaders } from '../support/fuzz.ts'
import { fuzzAskers } from '../support/fuzz-wire.ts'

fuzzReaders(300)
fuzzAskers(200)
