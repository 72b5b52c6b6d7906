/** Checks JUnit documents against the schema that Jenkins reads them by. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { junitChecker } from './tools.ts'

const run = promisify(execFile)

const check = `
import sys
from lxml import etree
schema = etree.XMLSchema(etree.parse(sys.argv[1]))
for file in sys.argv[2:]:
    schema.assertValid(etree.parse(file))
`

/** Throws with the schema's own words where a file is no XML, or no JUnit XML. */
export async function checkJunit(...files: readonly string[]): Promise<void> {
  const { python, packages, schema } = await junitChecker()
  await run(python, ['-c', check, schema, ...files], { env: { ...process.env, PYTHONPATH: packages } })
}
