import { useMemo } from 'react'

import type { ConversationQuery, NowFactsFragment, ReadingFragment } from '../../api/generated'
import { type Marker, type Series, TimeChart } from '../../charts/TimeChart'
import { ANOMALY_NAMES } from '../../components/AnomalyList'
import { Level } from '../../components/Mark'
import { Now } from '../../components/Now'
import { Panel } from '../../components/Panel'
import type { Span } from '../../components/SpanChoice'
import { Empty } from '../../components/State'
import { counted, decimal, percent, seconds } from '../../format'
import { DRIFT_ZONES } from '../../levels'
import { timeRange } from '../../ranges'

type Conversation = NonNullable<ConversationQuery['conversation']>
type Meaning = Pick<Conversation['coherence']['series'], 'windowStart' | 'semanticDrift'>

interface DriftPanelProps {
  reading: ReadingFragment
  /** As it was read: sent readings have none, which would have to be made anew from all embeddings each time. */
  meaning: Meaning
  forecast: Conversation['forecast']
  anomalies: Conversation['anomalies']
  now: NowFactsFragment
  span: Span
}

const RANGE = [0, 1] as const

/** Drift of each window, where it is going, and when something was out of the ordinary. */
export function DriftPanel({ reading, meaning, forecast, anomalies, now, span }: DriftPanelProps) {
  const { window } = span
  const columns = useMemo(() => joined(reading.series, meaning, forecast.points), [reading.series, meaning, forecast.points])
  const markers = useMemo<Marker[]>(
    () => anomalies.edges.map(({ node }) => ({ time: seconds(node.startedAt), label: ANOMALY_NAMES[node.kind] })),
    [anomalies],
  )
  const asked = useMemo(() => {
    const range = timeRange(span.range)
    return range && ([seconds(range.start), seconds(reading.inputs.asOf)] as const)
  }, [span.range, reading.inputs.asOf])
  const tools = (
    <span className="small">
      Now {now.driftScore !== null && decimal(now.driftScore)} <Now now={now} window={window} />
    </span>
  )
  if (reading.series.driftScore.every((score) => score === null)) {
    return (
      <Panel title="Drift" tools={tools}>
        <Empty title="No drift in this range">
          <p>
            Drift is how far the scores of one window lie apart, so it takes a window with two signals. Choose a wider
            window or a longer range.
          </p>
        </Empty>
      </Panel>
    )
  }
  const count = reading.series.windowStart.length
  const summary = `${counted(count, 'window')} of ${window}; the last ${window} have ${decimal(now.driftScore)}, ${now.level?.toLowerCase() ?? 'no level'}.`
  return (
    <Panel
      title="Drift"
      about={`How far the scores within each window of ${window} lie apart: 0 where all agree, 1 where half are 0 and half are 1. Semantic drift: how far what is said has moved since the window before.`}
      tools={tools}
    >
      <TimeChart
        label="Drift over time"
        summary={summary}
        times={columns.times}
        series={columns.series}
        areas={columns.areas}
        zones={DRIFT_ZONES}
        markers={markers}
        range={RANGE}
        step={reading.windowSec}
        span={asked}
        height={300}
      />
      <ForecastNote forecast={forecast} />
    </Panel>
  )
}

function ForecastNote({ forecast }: { forecast: Conversation['forecast'] }) {
  const { points, predictedDriftRisk, backtestCoverage } = forecast
  if (points.length === 0) {
    return <p className="small faint">No forecast: that takes ten windows in a row, from the first scored to the last.</p>
  }
  return (
    <p className="small">
      Forecast for the last of {counted(points.length, 'window')} ahead: <Level level={predictedDriftRisk} /> drift.{' '}
      <span className="faint">
        Holt’s linear method, with 95 % intervals.
        {backtestCoverage !== null && ` Tried on the past, ${percent(backtestCoverage)} of windows fell inside theirs.`}
      </span>
    </p>
  )
}

/** The windows there are, apart from one that still goes on, and the windows foretold, on one axis of time. */
function joined({ windowStart, driftScore, complete }: ReadingFragment['series'], meaning: Meaning, points: Conversation['forecast']['points']) {
  const ended = new Map<number, number | null>()
  const open = new Map<number, number | null>()
  for (const [index, start] of windowStart.entries()) {
    const windows = complete[index] ? ended : open
    windows.set(seconds(start), driftScore[index] ?? null)
  }
  const moved = new Map(meaning.windowStart.map((start, index) => [seconds(start), meaning.semanticDrift[index] ?? null]))
  const ahead = new Map(points.map((point) => [seconds(point.windowStart), point]))
  const times = [...new Set([...ended.keys(), ...open.keys(), ...ahead.keys()])].sort((a, b) => a - b)
  const goesOn: Series[] = [
    { label: 'Still going on', colour: '--line', points: 'hollow', values: times.map((time) => open.get(time) ?? null) },
  ]
  return {
    times,
    series: [
      { label: 'Drift', colour: '--line', values: times.map((time) => ended.get(time) ?? null) },
      ...([...open.values()].some((score) => score !== null) ? goesOn : []),
      { label: 'Forecast', colour: '--faint', dashed: true, values: times.map((time) => ahead.get(time)?.driftScore ?? null) },
      { label: 'Semantic drift', colour: '--meaning', values: times.map((time) => moved.get(time) ?? null) },
    ] satisfies Series[],
    areas: [
      {
        label: '95 % interval',
        colour: '--faint',
        lower: times.map((time) => ahead.get(time)?.lower ?? null),
        upper: times.map((time) => ahead.get(time)?.upper ?? null),
      },
    ],
  } as const
}
