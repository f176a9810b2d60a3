import './Feedback.css'

import { useMemo } from 'react'

import { type CalendarUnit, FeedbackDocument, type MessageGroup } from '../api/generated'
import { useReading } from '../api/reading'
import { Choice } from '../components/Choice'
import { Panel } from '../components/Panel'
import { Empty, Failure, Loading } from '../components/State'
import { optionOf } from '../parameters'
import { RANGES, timeRange } from '../ranges'
import { useQueryState } from '../router'
import { useTitle } from '../title'
import { Figures } from './feedback/Figures'
import { sumsByGroup } from './feedback/groups'
import { OverTime } from './feedback/OverTime'
import { BucketTable, GroupTable } from './feedback/Tables'

const UNITS = [
  { value: 'DAY', name: 'Day' },
  { value: 'WEEK', name: 'Week' },
  { value: 'MONTH', name: 'Month' },
]
const GROUPS = [
  { value: '', name: 'Nothing' },
  { value: 'USER', name: 'User' },
  { value: 'AGENT', name: 'Agent' },
  { value: 'DOMAIN', name: 'Domain' },
]
const STANDARD = { range: '30d', unit: 'DAY', by: '' } as const

/** Of a reader's local days; the server counts by it too. */
const TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone

/** What was thought of messages and spent on them: in all, over time, and by whom or what. */
export default function Feedback() {
  useTitle('Feedback and cost')
  const [params, change] = useQueryState()
  const choose = (name: keyof typeof STANDARD) => (value: string) =>
    change({ [name]: value === STANDARD[name] ? null : value })
  const unit = optionOf<CalendarUnit>(params.get('unit'), UNITS, STANDARD.unit)
  const by = optionOf<MessageGroup | ''>(params.get('by'), GROUPS, STANDARD.by)
  const chosenRange = optionOf(params.get('range'), RANGES, STANDARD.range)
  const range = useMemo(() => timeRange(chosenRange), [chosenRange])

  const { data, error, isReading, read } = useReading({
    query: FeedbackDocument,
    variables: {
      range,
      unit,
      timeZone: TIME_ZONE,
      by: useMemo(() => (by ? [by] : []), [by]),
    },
  })
  const { feedbackSummary: sums, messageBuckets: buckets } = data ?? {}
  const groups = useMemo(() => (buckets ? sumsByGroup(buckets, by) : []), [buckets, by])
  return (
    <>
      <header className="feedback-header">
        <h1>Feedback and cost</h1>
        <div className="feedback-tools">
          <Choice label="Range" value={chosenRange} options={RANGES} choose={choose('range')} />
          <Choice label="Over" value={unit} options={UNITS} choose={choose('unit')} />
          <Choice label="By" value={by} options={GROUPS} choose={choose('by')} />
        </div>
      </header>
      {error && <Failure error={error} retry={read} />}
      {!data && !error && <Loading what="the numbers" />}
      {buckets?.length === 0 && !error && (
        <Empty title="No messages in this range">
          <p>Messages are written by the mutation createMessage, and where the coach is asked in a conversation.</p>
        </Empty>
      )}
      {sums && buckets && !error && buckets.length > 0 && (
        <div className="feedback" aria-busy={isReading}>
          <Figures sums={sums} />
          <OverTime groups={groups} unit={unit} start={range?.start ?? null} />
          {by && (
            <Panel title={`By ${by.toLowerCase()}`} about={by === 'DOMAIN' && 'A message of several domains counts in each.'}>
              <GroupTable by={by} groups={groups} />
            </Panel>
          )}
          <Panel title={`By ${unit.toLowerCase()}`} about={`Newest first; ${unit.toLowerCase()}s without a message are left out.`}>
            <BucketTable by={by} unit={unit} buckets={buckets} />
          </Panel>
        </div>
      )}
    </>
  )
}
