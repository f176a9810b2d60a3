import { useMemo } from 'react'
import { useSubscription } from 'urql'

import { useEvents } from '../../api/events'
import {
  type ConversationFilter,
  type ConversationOrder,
  type ConversationRowFragment,
  ConversationsChangedDocument,
  ConversationsDocument,
  type ConversationStatus,
  type NowFactsFragment,
  type RowReadingFragment,
  RowUpdatesDocument,
} from '../../api/generated'
import { pageArguments } from '../../api/page'
import { useReading } from '../../api/reading'
import type { Span } from '../../components/SpanChoice'
import { optionOf } from '../../parameters'
import { isWhollyLive, lookback, timeRange } from '../../ranges'
import { SORTS, STATUSES } from './Filters'
import { useEvery, useGathered, useSettled } from '../../timing'

const PAGE_SIZE = 25
const TYPING_MS = 250
/** The order of the rows follows what happens, but not under one's eyes all the time. */
const REORDER_MS = 3_000
/** What is so now changes without anything that happens: signals leave the last window. */
const NOW_MS = 60_000

export interface Row extends ConversationRowFragment {
  current: NowFactsFragment
  coherence: RowReadingFragment
}

export const ORDERS: Record<string, ConversationOrder> = {
  latest: { field: 'LAST_SIGNAL_AT', direction: 'DESC' },
  quietest: { field: 'LAST_SIGNAL_AT', direction: 'ASC' },
  newest: { field: 'STARTED_AT', direction: 'DESC' },
  oldest: { field: 'STARTED_AT', direction: 'ASC' },
}

/** The page of conversations that the address names, kept live. */
export function useConversations(params: URLSearchParams, span: Span) {
  const search = useSettled(params.get('search'), TYPING_MS)
  const filter: ConversationFilter = {
    search,
    status: optionOf<ConversationStatus | ''>(params.get('status'), STATUSES, '') || null,
    agentId: params.get('agent'),
    userId: params.get('user'),
  }
  const range = useMemo(() => timeRange(span.range), [span.range])
  const { data, error, isReading, read } = useReading({
    query: ConversationsDocument,
    variables: {
      ...pageArguments(params, PAGE_SIZE),
      filter,
      orderBy: ORDERS[optionOf(params.get('sort'), SORTS, '')] ?? ORDERS['latest'],
      window: span.window,
      range,
    },
  })
  const shown = data?.conversations?.edges.map(({ node }) => node) ?? []
  const { updates, fault: updatesFault } = useRowUpdates(shown, span)

  useEvery(read, NOW_MS)
  const readSoon = useGathered(read, REORDER_MS)
  const changesFault = useEvents(ConversationsChangedDocument, { filter }, ({ conversationChanged }) => {
    const known = shown.find(({ id }) => id === conversationChanged.id)
    if (known?.status !== conversationChanged.status) readSoon()
  })

  const rows = shown.map((row) => {
    const update = updates[row.id]
    return update && update.coherence.inputs.asOf > row.coherence.inputs.asOf ? update : row
  })
  return {
    page: data?.conversations,
    rows,
    error,
    fault: updatesFault ?? changesFault,
    isReading,
    read,
  }
}

/** The newest reading of each of `rows`, by id. */
function useRowUpdates(rows: readonly Row[], span: Span) {
  const contextWindowIds = rows
    .filter((row) => row.status !== 'DELETED' && isWhollyLive(span.range, row.startedAt))
    .map((row) => row.contextWindowId)
    .sort()
  const [{ data, error }] = useSubscription(
    {
      query: RowUpdatesDocument,
      variables: { contextWindowIds, window: span.window, lookback: lookback(span.range) },
      pause: contextWindowIds.length === 0,
    },
    (before: Record<string, Row> = {}, { driftUpdates: { conversation, coherence } }) => {
      const kept = rows.flatMap(({ id }) => (before[id] ? [[id, before[id]] as const] : []))
      return { ...Object.fromEntries(kept), [conversation.id]: { ...conversation, coherence } }
    },
  )
  return { updates: data ?? {}, fault: error }
}
