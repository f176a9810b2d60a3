// urql: subscriptions over fetch (server-sent events) and persisted queries.
import { cacheExchange, Client, fetchExchange, gql } from '@urql/core'
import { persistedExchange } from '@urql/exchange-persisted'

const [, , url] = process.argv
const client = new Client({
  url,
  preferGetMethod: false,
  fetchSubscriptions: true,
  exchanges: [cacheExchange, persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange],
})
const said = { events: [] }

const ask = gql`
  query Titles {
    conversations {
      totalCount
    }
  }
`
said.first = (await client.query(ask, {}).toPromise()).data
said.again = (await client.query(ask, {}, { requestPolicy: 'network-only' }).toPromise()).data

const follow = gql`
  subscription Drift {
    driftUpdates(contextWindowIds: ["watched"], throttle: "1s") {
      sequence
      newSignalCount
    }
  }
`
const write = gql`
  mutation Write {
    createSignal(input: { contextWindowId: "watched", signalScore: 0.9 }) {
      id
    }
  }
`
await new Promise((resolve) => {
  const { unsubscribe } = client.subscription(follow, {}).subscribe(({ data, error }) => {
    said.events.push(error ? error.message : data.driftUpdates.newSignalCount)
    if (said.events.length === 1) void client.mutation(write, {}).toPromise()
    else {
      unsubscribe()
      resolve()
    }
  })
})
console.log(JSON.stringify(said))
process.exit(0)
