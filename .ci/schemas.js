// The JSON Schemas of what `--json` prints, made from the types that the code itself is held to.
import { createRequire } from 'node:module'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createFormatter, createParser, createProgram, EnumType, SchemaGenerator } from 'ts-json-schema-generator'

// its own TypeScript: the project's has no such API
const ts = createRequire(createRequire(import.meta.url).resolve('ts-json-schema-generator'))('typescript')

const documents = {
  doctor: { type: 'DoctorDocument', title: 'election-dev doctor --json' },
  smoke: { type: 'SmokeDocument', title: 'election-dev smoke --reporter json' },
  start: { type: 'StartJsonEvent', title: 'election-dev start --json' },
}

/** Writes `NAME.schema.json` of each into `dist`. */
export async function writeSchemas(root, dist) {
  const config = {
    path: join(root, 'src/report/*.ts'),
    tsconfig: join(root, 'tsconfig.json'),
    skipTypeCheck: true,
    additionalProperties: false,
    topRef: false,
    expose: 'export',
    jsDoc: 'extended',
  }
  const program = createProgram(config)
  const checker = program.getTypeChecker()
  const textsOf = (node) => checker.getTypeFromTypeNode(node).types ?? []
  // the generator follows no lists that are spread into one another, as the causes are; the checker has followed them
  const parser = createParser(program, config, (chain) =>
    chain.addNodeParser({
      supportsNode: (node) =>
        ts.isIndexedAccessTypeNode(node) && textsOf(node).length > 0 && textsOf(node).every((type) => type.isStringLiteral()),
      createType: (node) =>
        new EnumType(
          node.getText(),
          textsOf(node).map(({ value }) => value),
        ),
    }),
  )
  const generator = new SchemaGenerator(program, parser, createFormatter(config), config)
  for (const [name, { type, title }] of Object.entries(documents)) {
    const { $schema: _, definitions, ...schema } = generator.createSchema(type)
    const whole = { $schema: 'https://json-schema.org/draft/2020-12/schema', title, ...schema, $defs: definitions }
    await writeFile(join(dist, `${name}.schema.json`), `${JSON.stringify(whole, undefined, 2).replaceAll('#/definitions/', '#/$defs/')}\n`)
  }
}
