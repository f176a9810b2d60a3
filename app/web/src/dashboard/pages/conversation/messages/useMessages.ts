import { useCallback, useEffect, useRef, useState } from 'react'
import { useClient } from 'urql'

import { useEvents } from '../../../api/events'
import {
  ConversationMessagesDocument,
  type ConversationMessagesQuery,
  MessageAddedDocument,
  type MessageFactsFragment,
} from '../../../api/generated'
import { useReading } from '../../../api/reading'

const PAGE_SIZE = 20
/** Of the pages that are read to find a message that lies far back. */
const LARGE_PAGE_SIZE = 100

type Page = NonNullable<ConversationMessagesQuery['conversation']>['messages']

interface Known {
  /** Oldest first. */
  messages: readonly MessageFactsFragment[]
  /** Where older ones are to be had; null where there are none. */
  before: string | null
}

/** The newest messages of a conversation, those that come, and as many older ones as were asked for. */
export function useMessages(conversationId: string) {
  const client = useClient()
  const [known, setKnown] = useState<Known>()
  const { data, error, read } = useReading({
    query: ConversationMessagesDocument,
    variables: { conversationId, last: PAGE_SIZE },
  })
  const newest = data?.conversation?.messages
  useEffect(() => {
    if (newest) setKnown((before) => withNewest(before, newest))
  }, [newest])

  const put = useCallback(
    (message: MessageFactsFragment) =>
      setKnown((before) => before && { ...before, messages: merged(before.messages, [message]) }),
    [],
  )
  const fault = useEvents(MessageAddedDocument, { conversationId }, ({ messageAdded }) => put(messageAdded))

  const latest = useRef(known)
  latest.current = known
  /** Reads older ones: a page of them, or as many as it takes to have the one that is looked for. Gives what failed. */
  const readOlder = async (wanted?: string) => {
    let now = latest.current
    while (now?.before && !now.messages.some(({ id }) => id === wanted)) {
      const variables = { conversationId, last: wanted ? LARGE_PAGE_SIZE : PAGE_SIZE, before: now.before }
      const { data, error } = await client.query(ConversationMessagesDocument, variables)
      const page = data?.conversation?.messages
      if (page === undefined) return error
      const found = { messages: merged(messagesOf(page), now.messages), before: start(page) }
      setKnown((before) => before && { messages: merged(found.messages, before.messages), before: found.before })
      if (wanted === undefined) return undefined
      now = found
    }
    return undefined
  }
  return {
    messages: known?.messages,
    hasOlder: known?.before != null,
    mayWrite: data ? isWriter(data) : false,
    error,
    fault,
    read,
    readOlder,
    put,
  }
}

/** As docs/security.md has it: administrators, and educators in what is theirs. Where nobody signs in, everyone. */
function isWriter({ viewer, conversation }: ConversationMessagesQuery): boolean {
  if (viewer === null || viewer.role === 'ADMIN') return true
  return viewer.role === 'EDUCATOR' && conversation?.user?.id === viewer.id
}

const messagesOf = (page: Page) => page.edges.map(({ node }) => node)

const start = ({ pageInfo }: Page) => (pageInfo.hasPreviousPage ? pageInfo.startCursor : null)

/** What is known stays where the newest page reaches back to it; else there may be a hole, and it is read anew. */
function withNewest(before: Known | undefined, page: Page): Known {
  const found = messagesOf(page)
  const ids = new Set(found.map(({ id }) => id))
  const overlaps = before?.messages.some(({ id }) => ids.has(id))
  if (before === undefined || !overlaps) return { messages: found, before: start(page) }
  return { messages: merged(before.messages, found), before: before.before }
}

/** Each once, as it was told last, by time. */
function merged(before: readonly MessageFactsFragment[], now: readonly MessageFactsFragment[]): MessageFactsFragment[] {
  const byId = new Map([...before, ...now].map((message) => [message.id, message]))
  return [...byId.values()].sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt))
}
