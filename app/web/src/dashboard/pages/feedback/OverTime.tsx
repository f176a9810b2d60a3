import { useMemo } from 'react'

import type { CalendarUnit } from '../../api/generated'
import { type Series, TimeChart, type Token } from '../../charts/TimeChart'
import { Choice } from '../../components/Choice'
import { Panel } from '../../components/Panel'
import { counted, NONE, seconds } from '../../format'
import { useQueryState } from '../../router'
import type { Bucket, Group } from './groups'
import { periodOf, periods } from './periods'

/** So many lines can be told apart; the table has all groups. */
const COLOURS: readonly Token[] = ['--line', '--high', '--low', '--medium', '--neutral']
/** About how long each lasts. */
const PERIOD_S: Record<CalendarUnit, number> = { DAY: 86_400, WEEK: 604_800, MONTH: 2_629_800, YEAR: 31_557_600 }
/** Up to so many values, each has a point of its own. */
const SPARSE = 48

interface Measure {
  value: string
  name: string
  /** As a float: a canvas has no use for more. Null where there is none. */
  of: (bucket: Bucket) => number | null
  /** Of a period without messages. */
  none: number | null
}

const MEASURES: readonly [Measure, ...Measure[]] = [
  { value: 'cost', name: 'Cost in dollars', of: ({ feedback }) => Number(feedback.costUsd), none: 0 },
  { value: 'tokens', name: 'Tokens', of: ({ feedback }) => feedback.inputTokens + feedback.outputTokens, none: 0 },
  { value: 'messages', name: 'Messages', of: ({ messageCount }) => messageCount, none: 0 },
  {
    value: 'score',
    name: 'Mean rating',
    of: ({ feedback: { positive, neutral, negative } }) => {
      const rated = positive + neutral + negative
      return rated === 0 ? null : (positive - negative) / rated
    },
    none: null,
  },
]

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 4, notation: 'compact' })
const format = (value: number | null) => (value === null ? NONE : number.format(value).replace('-', '−'))

interface OverTimeProps {
  groups: readonly Group[]
  unit: CalendarUnit
  /** When the range begins; with the first message where null. */
  start: string | null
}

/** One measure of the messages over time, a line for each group. */
export function OverTime({ groups, unit, start }: OverTimeProps) {
  const [params, change] = useQueryState()
  const measure = MEASURES.find(({ value }) => value === params.get('measure')) ?? MEASURES[0]
  const { times, series, range } = useMemo(() => columns(groups, unit, start, measure), [groups, unit, start, measure])
  const more = groups.length - series.length
  return (
    <Panel
      title="Over time"
      tools={
        <Choice
          label="Measure"
          value={measure.value}
          options={MEASURES}
          choose={(value) => change({ measure: value === MEASURES[0].value ? null : value })}
        />
      }
    >
      <TimeChart
        label={`${measure.name} by ${unit.toLowerCase()}`}
        summary={`${counted(series.length, 'line')} over ${counted(times.length, unit.toLowerCase())}.`}
        times={times}
        series={series}
        range={range}
        step={PERIOD_S[unit]}
        format={format}
      />
      {more > 0 && (
        <p className="small faint">
          Drawn are the {series.length} with most messages; the tables below have {more} more.
        </p>
      )}
    </Panel>
  )
}

function columns(groups: readonly Group[], unit: CalendarUnit, start: string | null, measure: Measure) {
  const now = new Date().toISOString()
  const first = groups.map(({ buckets }) => buckets[0]?.bucket ?? now).reduce((a, b) => (seconds(a) < seconds(b) ? a : b))
  const times = periods(start ?? first, now, unit)
  const series = groups.slice(0, COLOURS.length).map(({ name, buckets }, index): Series => {
    const values = new Map(buckets.map((each) => [periodOf(each.bucket), measure.of(each)]))
    return {
      label: name,
      values: [...times.keys()].map((period) => (values.has(period) ? (values.get(period) ?? null) : measure.none)),
      colour: COLOURS[index] ?? '--line',
      points: times.size <= SPARSE,
    }
  })
  const shown = series.flatMap(({ values }) => values.map((value) => value ?? 0))
  const most = shown.reduce((a, b) => Math.max(a, b), 0)
  const range: readonly [number, number] = measure.none === null ? [-1, 1] : [0, most === 0 ? 1 : most * 1.1]
  return { times: [...times.values()], series, range }
}
