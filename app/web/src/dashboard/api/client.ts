/** The one GraphQL client: requests over HTTP, subscriptions over one WebSocket that reconnects by itself. */
import { createClient as createSocket } from 'graphql-ws'
import { Client, fetchExchange, mapExchange, subscriptionExchange } from 'urql'

import { connection } from './connection'
import { ViewerDocument } from './generated'
import { session } from './session'

const url = new URL('/graphql', location.href).href

const LONGEST_WAIT_MS = 8_000

/** Ever longer, up to a limit, and not the same for all pages that lost the same server. */
const wait = (retries: number) => {
  const most = Math.min(500 * 2 ** retries, LONGEST_WAIT_MS)
  return new Promise<void>((resume) => setTimeout(resume, most * (0.5 + Math.random() / 2)))
}

const socket = createSocket({
  url: url.replace(/^http/, 'ws'),
  retryAttempts: Number.POSITIVE_INFINITY,
  shouldRetry: () => !session.hasEnded,
  retryWait: wait,
  // From one page to the next it stays open.
  lazyCloseTimeout: 3_000,
  // A server that is gone without a word is noticed by its missing pong.
  keepAlive: 10_000,
  on: connection.events({
    terminate: () => socket.terminate(),
    // The session has ended, or allows something else by now: the answer tells which.
    refused: () => void client.query(ViewerDocument, {}).toPromise(),
  }),
})

/** Without a cache: every number is a reading of now, and takes the server milliseconds. */
export const client = new Client({
  url,
  preferGetMethod: false,
  exchanges: [
    mapExchange({ onError: session.judge }),
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, variables }) => ({
        subscribe: (sink) => {
          const release = connection.hold()
          const end = socket.subscribe(
            { query: query ?? '', variables },
            {
              next: (result) => sink.next(result as Parameters<typeof sink.next>[0]),
              error: (error) => {
                release()
                sink.error(error)
              },
              complete: () => {
                release()
                sink.complete()
              },
            },
          )
          return {
            unsubscribe: () => {
              end()
              release()
            },
          }
        },
      }),
    }),
  ],
})
