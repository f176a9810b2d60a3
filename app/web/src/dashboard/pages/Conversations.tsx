import './Conversations.css'

import { SpanChoice, useSpan } from '../components/SpanChoice'
import { Pager } from '../components/Pager'
import { Empty, Failure, Loading, NotLive } from '../components/State'
import { count, counted } from '../format'
import { useQueryState } from '../router'
import { useTitle } from '../title'
import { ConversationTable } from './conversations/ConversationTable'
import { FILTERS, Filters } from './conversations/Filters'
import { useConversations } from './conversations/useConversations'

const STANDARD = { window: '1h', range: '1d' }

/** All conversations, a page at a time, and how each drifts at present. */
export function Conversations() {
  useTitle('Conversations')
  const [params, change] = useQueryState()
  const span = useSpan(STANDARD)
  const { page, rows, error, fault, isReading, read } = useConversations(params, span)
  const isFiltered = FILTERS.some((name) => params.has(name))

  return (
    <>
      <header className="conversations-header">
        <h1>Conversations</h1>
        <p className="faint small" role="status">
          {page && counted(page.totalCount, isFiltered ? 'matching conversation' : 'conversation')}
          {page && rows.length < page.totalCount && `, ${count(rows.length)} on this page`}
        </p>
      </header>
      <div className="conversations-tools">
        <Filters params={params} change={change} />
        <SpanChoice span={span} standard={STANDARD} />
      </div>
      {error && <Failure error={error} retry={read} />}
      {fault && !error && <NotLive error={fault} />}
      {!page && !error && <Loading what="conversations" />}
      {page && rows.length > 0 && (
        <div className="conversations-list" aria-busy={isReading}>
          <ConversationTable rows={rows} span={span} />
          <Pager page={page.pageInfo} turn={change} />
        </div>
      )}
      {page && rows.length > 0 && <Meanings window={span.window} />}
      {page && rows.length === 0 && (isFiltered ? <NoMatch clear={() => change(NO_FILTERS)} /> : <NothingYet />)}
    </>
  )
}

function Meanings({ window }: { window: string }) {
  return (
    <dl className="conversations-meanings">
      <div>
        <dt>Drift</dt>
        <dd>
          how far the scores within each window of {window} lie apart, from 0 to 1; the lines are where Medium and High
          begin, at 0.3 and 0.7
        </dd>
      </div>
      <div>
        <dt>Now</dt>
        <dd>
          the level of the last {window}, up to this moment; a line ends in a ring where its last window is still going on
        </dd>
      </div>
      <div>
        <dt>Coherence</dt>
        <dd>1 less the mean drift, adjusted by sources, stability and trend; below it, its change over the range</dd>
      </div>
    </dl>
  )
}

const NO_FILTERS = Object.fromEntries(FILTERS.map((name) => [name, null]))

function NoMatch({ clear }: { clear: () => void }) {
  return (
    <Empty title="No conversation matches">
      <button type="button" onClick={clear}>
        Clear the filters
      </button>
    </Empty>
  )
}

function NothingYet() {
  return (
    <Empty title="No conversations yet">
      <p>
        A conversation appears here with its first signal. Send some by the mutation <code>createSignals</code> in{' '}
        <a href="/graphql">GraphiQL</a>, or import a file:
      </p>
      <code>coherence import signals.jsonl --create-conversations</code>
    </Empty>
  )
}
