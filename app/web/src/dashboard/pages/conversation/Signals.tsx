import './Signals.css'

import { useEffect, useRef, useState } from 'react'

import { useEvents } from '../../api/events'
import {
  type Classification,
  ConversationSignalsDocument,
  SignalAddedDocument,
  type SignalRowFragment,
} from '../../api/generated'
import { pageArguments } from '../../api/page'
import { useReading } from '../../api/reading'
import { Choice } from '../../components/Choice'
import { Pager } from '../../components/Pager'
import { Panel } from '../../components/Panel'
import { SignalTable } from '../../components/SignalTable'
import { Empty, Failure, Loading, NotLive } from '../../components/State'
import { optionOf } from '../../parameters'
import { useQueryState } from '../../router'

const PAGE_SIZE = 25
/** Signals that came while one looked are kept up to this many. */
const MOST_ARRIVED = 100
const SHOW_MS = 300

const CLASSES = [
  { value: '', name: 'All' },
  { value: 'POSITIVE', name: 'Positive' },
  { value: 'NEUTRAL', name: 'Neutral' },
  { value: 'STRESSED', name: 'Stressed' },
  { value: 'UNCERTAIN', name: 'Uncertain' },
]

/** The signals of a conversation, newest first, and those that come. */
export function Signals({ contextWindowId }: { contextWindowId: string }) {
  const [params, change] = useQueryState()
  const [paused, setPaused] = useState(false)
  const classification = optionOf<Classification | ''>(params.get('class'), CLASSES, '') || null
  const isNewest = !params.has('before') && !params.has('after')

  const { data, error, read } = useReading({
    query: ConversationSignalsDocument,
    variables: { contextWindowId, ...pageArguments(params, PAGE_SIZE, 'last'), filter: { classification } },
  })
  const { arrived, fault } = useArriving(contextWindowId, paused || !isNewest)
  const page = data?.conversation?.signals
  const signals = page && merged(page.edges.map(({ node }) => node), isNewest ? arrived : [], classification)

  const resume = () => {
    setPaused(false)
    read()
  }
  return (
    <Panel
      title="Signals"
      className="signals"
      tools={
        <div className="signals-tools">
          <Choice
            label="Class"
            value={classification ?? ''}
            options={CLASSES}
            choose={(value) => change({ class: value, before: null, after: null })}
          />
          {isNewest ? (
            <button type="button" onClick={paused ? resume : () => setPaused(true)}>
              {paused ? 'Resume' : 'Pause'}
            </button>
          ) : (
            <button type="button" onClick={() => change({ before: null, after: null })}>
              Newest
            </button>
          )}
        </div>
      }
    >
      {fault && !error && <NotLive error={fault} />}
      {error && <Failure error={error} retry={read} />}
      {!signals && !error && <Loading what="signals" />}
      {signals?.length === 0 && <Empty title={classification ? 'No signal of this class' : 'No signals yet'} />}
      {signals && signals.length > 0 && <SignalTable label="Signals, newest first" signals={signals} />}
      {page && <Pager page={page.pageInfo} turn={change} previous="Older" next="Newer" />}
    </Panel>
  )
}

/** What has come since the page was opened, shown a few times a second however fast it comes. */
function useArriving(contextWindowId: string, pause: boolean) {
  const [arrived, setArrived] = useState<readonly SignalRowFragment[]>([])
  const waiting = useRef<SignalRowFragment[]>([])
  const fault = useEvents(
    SignalAddedDocument,
    { contextWindowId },
    ({ signalAdded }) => {
      waiting.current.push(signalAdded)
      if (waiting.current.length > MOST_ARRIVED) waiting.current.shift()
    },
    { pause },
  )
  useEffect(() => {
    const timer = setInterval(() => {
      const come = waiting.current.splice(0)
      if (come.length > 0) setArrived((before) => [...come, ...before].slice(0, MOST_ARRIVED))
    }, SHOW_MS)
    return () => clearInterval(timer)
  }, [])
  return { arrived, fault }
}

function merged(
  read: readonly SignalRowFragment[],
  arrived: readonly SignalRowFragment[],
  classification: Classification | null,
): SignalRowFragment[] {
  const fitting = arrived.filter((signal) => classification === null || signal.classification === classification)
  const byId = new Map([...fitting, ...read.toReversed()].map((signal) => [signal.id, signal]))
  return [...byId.values()].sort((a, b) => Date.parse(b.timestamp) - Date.parse(a.timestamp))
}
