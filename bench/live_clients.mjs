// Subscribers by graphql-ws, the client that front ends use. Reads their payloads as JSON, tells of every message on a
// line of its own: when it came, in seconds since 1970, and whose reading it is.
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'

const { createClient } = createRequire(new URL('../app/web/package.json', import.meta.url))('graphql-ws')
const { url, payloads } = JSON.parse(await text(process.stdin))

for (const payload of payloads) {
  createClient({ url, lazy: false, retryAttempts: 0 }).subscribe(payload, {
    next({ data, errors }) {
      if (errors) throw new Error(JSON.stringify(errors))
      const key = data.driftUpdates.conversation.contextWindowId
      process.stdout.write(`${(performance.timeOrigin + performance.now()) / 1000} ${key}\n`)
    },
    error(error) {
      throw error
    },
    complete() {},
  })
}
