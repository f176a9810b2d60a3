import './Form.css'

import { useState } from 'react'

import { VerifyChoicesDocument } from '../../api/generated'
import { useReading } from '../../api/reading'
import { Choice } from '../../components/Choice'
import { Entry } from '../../components/Entry'
import { type Changes, useQueryState } from '../../router'
import { type Asked, EXACT, PRESETS, STANDARD } from './asked'
import { fromLocal, toLocal, ZONE } from './instants'
import { SourceChoice } from './SourceChoice'
import { offeredWindows } from './windows'

/** Everything that the view can be asked; each change is in the address at once. */
export function Form({ asked, refresh }: { asked: Asked; refresh: () => void }) {
  const [, change] = useQueryState()
  const { data } = useReading({ query: VerifyChoicesDocument })
  return (
    <form className="verify-form" aria-label="What to verify" onSubmit={(event) => event.preventDefault()}>
      <div className="verify-fields">
        <Entry
          label="Conversation"
          value={asked.contextWindowId ?? ''}
          commit={(conversation) => change({ conversation })}
          placeholder="All together"
          list="verify-conversations"
        />
        <datalist id="verify-conversations">
          {data?.conversations?.edges.map(({ node }) => (
            <option key={node.contextWindowId} value={node.contextWindowId} {...(node.title !== null && { label: node.title })} />
          ))}
        </datalist>
        <WindowChoice window={asked.window} configured={data?.status.configuredWindows ?? []} change={change} />
        <RangeChoice asked={asked} change={change} />
        {asked.range !== EXACT && (
          <button type="button" onClick={refresh} title="Takes the range as of now">
            Read again
          </button>
        )}
      </div>
      <SourceChoice
        sources={data?.signalSummary?.sources ?? []}
        chosen={asked.sources}
        choose={(source) => change({ source })}
      />
    </form>
  )
}

interface WindowChoiceProps {
  window: string
  configured: readonly string[]
  change: (changes: Changes) => void
}

/** The windows of the server's settings, some that are usual, or any other. */
function WindowChoice({ window, configured, change }: WindowChoiceProps) {
  const [isTyped, setTyped] = useState(false)
  const offered = offeredWindows(configured)
  const isOther = isTyped || !offered.includes(window)
  const choose = (value: string) => {
    setTyped(value === '')
    if (value !== '') change({ window: value === STANDARD.window ? null : value })
  }
  return (
    <>
      <Choice
        label="Window"
        value={isOther ? '' : window}
        options={[...offered.map((value) => ({ value, name: value })), { value: '', name: 'Other …' }]}
        choose={choose}
      />
      {isOther && (
        <Entry
          label="Width"
          value={window}
          commit={(width) => change({ window: width })}
          placeholder="30s, 1h30m, 7d"
          size={9}
        />
      )}
    </>
  )
}

function RangeChoice({ asked, change }: { asked: Asked; change: (changes: Changes) => void }) {
  const { range, start, end } = asked
  return (
    <>
      <Choice
        label="Range"
        value={range}
        options={[...PRESETS, { value: EXACT, name: 'Exact instants' }]}
        choose={(value) =>
          value === EXACT
            ? change({ range: EXACT, start, end })
            : change({ range: value === STANDARD.range ? null : value, start: null, end: null })
        }
      />
      {range === EXACT && (
        <div className="verify-instants">
          <InstantEntry label="From" at={start} commit={(value) => change({ start: value })} />
          <InstantEntry label="Before" at={end} commit={(value) => change({ end: value })} />
          <span className="small faint">{ZONE}</span>
        </div>
      )}
    </>
  )
}

interface InstantEntryProps {
  label: string
  at: string | null
  commit: (at: string | null) => void
}

function InstantEntry({ label, at, commit }: InstantEntryProps) {
  return (
    <Entry
      label={label}
      type="datetime-local"
      step={1}
      value={toLocal(at)}
      commit={(value) => commit(fromLocal(value))}
    />
  )
}
