// Apollo Client: persisted queries, a batch link, client awareness, and a plain HttpLink that is given a subscription.
import { createHash } from 'node:crypto'

import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { BatchHttpLink } from '@apollo/client/link/batch-http'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'

const [, , uri] = process.argv
const sent = []
const fetching = (address, options) => {
  sent.push(options.body ? JSON.parse(options.body) : address)
  return fetch(address, options)
}
const clientOf = (link) =>
  new ApolloClient({ link, cache: new InMemoryCache(), clientAwareness: { name: 'tests', version: '1.0' } })
const TITLES = gql`
  query Titles($first: Int!) {
    conversations(first: $first) {
      totalCount
    }
  }
`
const said = {}

const sha256 = (text) => createHash('sha256').update(text).digest('hex')
const persisted = ApolloLink.from([new PersistedQueryLink({ sha256 }), new HttpLink({ uri, fetch: fetching })])
for (const first of [1, 2, 3]) {
  // A client of its own each time, as after a reload: the cache would answer otherwise.
  const { data } = await clientOf(persisted).query({ query: TITLES, variables: { first } })
  said.persisted = data
}
said.bodies = sent.splice(0).map((body) => Object.keys(body).sort())

const batched = clientOf(new BatchHttpLink({ uri, fetch: fetching, batchInterval: 20 }))
const status = gql`
  query Status {
    status {
      version
    }
  }
`
const both = [batched.query({ query: TITLES, variables: { first: 1 } }), batched.query({ query: status })]
said.batched = (await Promise.all(both)).map(({ data }) => Object.keys(data))
said.requests = sent.splice(0).map((body) => body.length)

const plain = clientOf(new HttpLink({ uri, fetch: fetching }))
said.subscription = await new Promise((resolve) => {
  plain.subscribe({ query: gql`subscription Changes { conversationChanged { id } }` }).subscribe({
    next: ({ data, error }) => resolve(error ? error.message : data),
    error: (error) => resolve(error.bodyText ?? error.message),
  })
})
console.log(JSON.stringify(said))
process.exit(0)
