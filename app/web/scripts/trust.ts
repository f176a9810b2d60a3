/** Writes dist/documents.json: every operation of the dashboard by its SHA-256, as urql sends it. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { createRequest, stringifyDocument } from '@urql/core'

import * as generated from '../src/dashboard/api/generated.ts'

const texts = Object.values(generated)
  .filter((document) => document.definitions.some(({ kind }) => kind === 'OperationDefinition'))
  .map((document) => stringifyDocument(createRequest<unknown, object>(document, {}).query))

const documents = Object.fromEntries(texts.map((text) => [createHash('sha256').update(text).digest('hex'), text]))
writeFileSync(join(import.meta.dirname, '../dist/documents.json'), `${JSON.stringify(documents, null, 1)}\n`)
