/** Writes src/dashboard/api/generated.ts: every operation of the dashboard, typed by the served schema. */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { codegen } from '@graphql-codegen/core'
import * as documentNodes from '@graphql-codegen/typed-document-node'
import * as operations from '@graphql-codegen/typescript-operations'
import { parse } from 'graphql'

const web = join(import.meta.dirname, '..')
const schemaFile = process.env['GRAPHQL_SCHEMA'] ?? join(web, '../../graphql_schema/schema.graphql')
const filename = join(web, 'src/dashboard/api/generated.ts')

const read = (file: string) => parse(readFileSync(file, 'utf8'))

const code = await codegen({
  filename,
  schema: read(schemaFile),
  documents: globSync(join(web, 'src/dashboard/**/*.graphql'))
    .sort()
    .map((location) => ({ location, document: read(location) })),
  config: {
    enumType: 'string-literal',
    scalars: { DateTime: 'string', Duration: 'string', ID: 'string', JSON: 'unknown' },
    strictScalars: true,
    useTypeImports: true,
    documentNodeImport: 'urql#TypedDocumentNode',
  },
  plugins: [{ operations: {} }, { documentNodes: {} }],
  pluginMap: { operations, documentNodes },
})
writeFileSync(filename, `// Made by scripts/generate.ts.\n${code}`)
