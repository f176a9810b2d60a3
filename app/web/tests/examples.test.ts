/** Every example that GraphiQL opens with is valid against the served schema, variables included. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'

import { buildSchema, getOperationAST, getVariableValues, parse, validate } from 'graphql'

const web = join(import.meta.dirname, '..')
const schemaFile = process.env['GRAPHQL_SCHEMA'] ?? join(web, '../../graphql_schema/schema.graphql')
const schema = buildSchema(readFileSync(schemaFile, 'utf8'))

for (const file of globSync(join(web, 'src/examples/*.graphql'))) {
  test(basename(file), () => {
    const source = readFileSync(file, 'utf8')
    assert.match(source, /^# \S/, 'says first what it shows')

    const document = parse(source)
    assert.deepEqual(validate(schema, document), [])

    const operation = getOperationAST(document)
    assert.ok(operation?.name, 'one operation, whose name titles the tab')

    const variablesFile = file.replace(/\.graphql$/, '.variables.json')
    const variables = existsSync(variablesFile) ? JSON.parse(readFileSync(variablesFile, 'utf8')) : {}
    const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variables)
    assert.equal(errors, undefined)
  })
}
