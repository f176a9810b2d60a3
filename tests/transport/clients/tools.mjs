// GraphQL-Tools' HTTP executor, on which Mesh, Hive's gateway and stitching stand.
import { buildHTTPExecutor } from '@graphql-tools/executor-http'
import { parse } from 'graphql'

const [, , endpoint] = process.argv
const execute = buildHTTPExecutor({ endpoint })
const said = { events: [] }

said.query = (await execute({ document: parse('{ conversations { totalCount } }') })).data
const write = parse('mutation { createSignal(input: {contextWindowId: "watched"}) { __typename } }')
const follow = parse('subscription { driftUpdates(contextWindowIds: ["watched"]) { newSignalCount } }')
for await (const { data, errors } of await execute({ document: follow })) {
  said.events.push(errors ? errors[0].message : data.driftUpdates.newSignalCount)
  if (said.events.length === 2) break
  await execute({ document: write })
}
console.log(JSON.stringify(said))
process.exit(0)
