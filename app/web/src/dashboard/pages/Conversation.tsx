import './Conversation.css'

import { useMemo } from 'react'
import { useSubscription } from 'urql'

import {
  ConversationDocument,
  type ConversationFactsFragment,
  type ConversationQuery,
  DriftUpdatesDocument,
} from '../api/generated'
import { useReading } from '../api/reading'
import { AnomalyList } from '../components/AnomalyList'
import { Panel } from '../components/Panel'
import { type Span, SpanChoice, useSpan } from '../components/SpanChoice'
import { Empty, Failure, Loading, NotLive } from '../components/State'
import { Ago, Time } from '../components/Time'
import { count, counted } from '../format'
import { isWhollyLive, lookback, timeRange } from '../ranges'
import { Link } from '../router'
import { useEvery, useGathered } from '../timing'
import { useTitle } from '../title'
import { CoherencePanel } from './conversation/CoherencePanel'
import { DriftPanel } from './conversation/DriftPanel'
import { Messages } from './conversation/Messages'
import { Signals } from './conversation/Signals'
import { Lineage, Sources } from './conversation/Sources'

type Found = NonNullable<ConversationQuery['conversation']>['anomalies']

const STANDARD = { window: '1h', range: 'all' }
/** Forecast, lineage and anomalies are read again this long after something came. */
const FOLLOW_MS = 10_000
/** What is so now changes without anything that happens: signals leave the last window. */
const NOW_MS = 60_000

/** One conversation: how it drifts, why its score is what it is, and what was said. */
export default function Conversation({ contextWindowId }: { contextWindowId: string }) {
  const span = useSpan(STANDARD)
  const { conversation, reading, now, facts, error, fault, isReading, read } = useConversation(contextWindowId, span)
  useTitle(facts?.title ?? contextWindowId)

  if (conversation === null) {
    return (
      <Empty title="There is no such conversation">
        <p>
          None has the id <code>{contextWindowId}</code>, or it was deleted.
        </p>
        <Link href="/">All conversations</Link>
      </Empty>
    )
  }
  return (
    <>
      <header className="conversation-header">
        <Link href="/" className="small">
          ← Conversations
        </Link>
        <h1>{facts?.title ?? contextWindowId}</h1>
        {facts && <Facts facts={facts} />}
        <div className="conversation-tools">
          <SpanChoice span={span} standard={STANDARD} />
          <Link href={`/search?${new URLSearchParams({ conversation: contextWindowId })}`} className="small">
            Search in it
          </Link>
        </div>
      </header>
      {error && <Failure error={error} retry={read} />}
      {fault && !error && <NotLive error={fault} />}
      {!conversation && !error && <Loading what="the conversation" />}
      {conversation && reading && now && (
        <div className="conversation-grid" aria-busy={isReading}>
          <DriftPanel
            reading={reading}
            meaning={conversation.coherence.series}
            forecast={conversation.forecast}
            anomalies={conversation.anomalies}
            now={now}
            span={span}
          />
          <CoherencePanel reading={reading} />
          <div className="conversation-column">
            <Messages conversationId={conversation.id} />
            <Signals contextWindowId={contextWindowId} />
          </div>
          <div className="conversation-column">
            <Anomalies found={conversation.anomalies} />
            <Sources reading={reading} />
            <Lineage steps={conversation.lineage} />
          </div>
        </div>
      )}
    </>
  )
}

/** The conversation as it was read, and its newest reading, whether read or sent. */
function useConversation(contextWindowId: string, span: Span) {
  const range = useMemo(() => timeRange(span.range), [span.range])
  const { data, error, isReading, read } = useReading({
    query: ConversationDocument,
    variables: { contextWindowId, window: span.window, range },
  })
  const conversation = data?.conversation
  const follow = useGathered(read, FOLLOW_MS)
  const [{ data: sent, error: fault }] = useSubscription(
    {
      query: DriftUpdatesDocument,
      variables: { contextWindowId, window: span.window, lookback: lookback(span.range) },
      pause: conversation === null,
    },
    (_, event) => {
      if (event.driftUpdates.newSignalCount > 0) follow()
      return event
    },
  )
  const live = sent?.driftUpdates
  const isNewer =
    live !== undefined &&
    conversation != null &&
    live.coherence.windowSec === conversation.coherence.windowSec &&
    live.coherence.inputs.asOf > conversation.coherence.inputs.asOf &&
    isWhollyLive(span.range, conversation.startedAt)
  const reading = isNewer ? live.coherence : conversation?.coherence
  const now = isNewer ? live.conversation.current : conversation?.current
  useEvery(read, NOW_MS)
  return { conversation, reading, now, facts: live?.conversation ?? conversation, error, fault, isReading, read }
}

const MOST_ANOMALIES = 5

function Anomalies({ found }: { found: Found }) {
  const newest = found.edges.map(({ node }) => node).slice(-MOST_ANOMALIES)
  const older = found.totalCount - newest.length
  return (
    <Panel title={`Anomalies (${count(found.totalCount)})`}>
      {newest.length === 0 ? (
        <p className="small faint">None: no rapid fire of one user, no lasting shift of the scores.</p>
      ) : (
        <AnomalyList anomalies={newest.reverse()} />
      )}
      {older > 0 && <p className="small faint">and {count(older)} before these</p>}
    </Panel>
  )
}

function Facts({ facts }: { facts: ConversationFactsFragment }) {
  return (
    <dl className="conversation-facts">
      <div>
        <dt>Id</dt>
        <dd>
          <code>{facts.contextWindowId}</code>
        </dd>
      </div>
      {facts.agentId && (
        <div>
          <dt>Agent</dt>
          <dd>
            <Link href={`/?${new URLSearchParams({ agent: facts.agentId })}`}>{facts.agentId}</Link>
          </dd>
        </div>
      )}
      {facts.user && (
        <div>
          <dt>User</dt>
          <dd>
            <Link href={`/?${new URLSearchParams({ user: facts.user.id })}`}>{facts.user.name ?? facts.user.username}</Link>
          </dd>
        </div>
      )}
      {facts.status !== 'ACTIVE' && (
        <div>
          <dt>Status</dt>
          <dd>{facts.status.toLowerCase()}</dd>
        </div>
      )}
      <div>
        <dt>Started</dt>
        <dd>
          <Time at={facts.startedAt} />
        </dd>
      </div>
      <div>
        <dt>Last signal</dt>
        <dd>{facts.lastSignalAt ? <Ago at={facts.lastSignalAt} /> : 'none yet'}</dd>
      </div>
      <div>
        <dt>In all</dt>
        <dd>{counted(facts.signalCount, 'signal')}</dd>
      </div>
    </dl>
  )
}
