// Relay: a deleted conversation leaves the store by @deleteRecord. The documents are compiled against the served schema.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import relay from 'relay-runtime'

const require = createRequire(import.meta.url)
const { commitMutation, Environment, fetchQuery, Network, RecordSource, Store } = relay
const [, , url, schema] = process.argv
const folder = mkdtempSync(join(tmpdir(), 'coherence-relay-'))

writeFileSync(
  join(folder, 'App.js'),
  `graphql\`query AppQuery($id: ID!) { conversation(by: {id: $id}) { id title } }\`
   graphql\`mutation AppDeleteMutation($id: ID!) { deleteConversation(id: $id) { deletedId @deleteRecord } }\``,
)
mkdirSync(join(folder, 'made'))
copyFileSync(schema, join(folder, 'schema.graphql'))
const settings = {
  src: '.',
  schema: 'schema.graphql',
  language: 'javascript',
  eagerEsModules: false,
  artifactDirectory: 'made',
  excludes: ['made/**'],
}
writeFileSync(join(folder, 'relay.config.json'), JSON.stringify(settings))
execFileSync(require('relay-compiler'), [join(folder, 'relay.config.json')], { cwd: folder, stdio: 'pipe' })
writeFileSync(join(folder, 'package.json'), '{"type": "commonjs"}')
const made = (name) => require(join(folder, 'made', `${name}.graphql.js`))

const warnings = []
console.error = (...words) => warnings.push(words.join(' '))
console.warn = console.error
const network = Network.create(async ({ text }, variables) => {
  const headers = { 'Content-Type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: text, variables }) })
  return answer.json()
})
const environment = new Environment({ network, store: new Store(new RecordSource()) })
const read = (id) => fetchQuery(environment, made('AppQuery'), { id }, { fetchPolicy: 'network-only' }).toPromise()

const said = { before: await read('watched') }
const { id } = said.before.conversation
said.answer = await new Promise((resolve, reject) =>
  commitMutation(environment, {
    mutation: made('AppDeleteMutation'),
    variables: { id },
    onCompleted: (answer, errors) => (errors ? reject(errors) : resolve(answer)),
    onError: reject,
  }),
)
said.inStore = environment.getStore().getSource().get(id) ?? null
said.after = await read('watched')
console.log(JSON.stringify({ ...said, warnings }))
rmSync(folder, { recursive: true })
