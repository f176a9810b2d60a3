import { useMemo } from 'react'

import type { ConversationQuery, ReadingFragment } from '../../api/generated'
import { type Marker, TimeChart } from '../../charts/TimeChart'
import { ANOMALY_NAMES } from '../../components/AnomalyList'
import { Level } from '../../components/Mark'
import { Panel } from '../../components/Panel'
import { Empty } from '../../components/State'
import { counted, decimal, percent, seconds } from '../../format'
import { DRIFT_ZONES, latest, levelOf } from '../../levels'

type Conversation = NonNullable<ConversationQuery['conversation']>
type Meaning = Pick<Conversation['coherence']['series'], 'windowStart' | 'semanticDrift'>

interface DriftPanelProps {
  reading: ReadingFragment
  /** As it was read: sent readings have none, which would have to be made anew from all embeddings each time. */
  meaning: Meaning
  forecast: Conversation['forecast']
  anomalies: Conversation['anomalies']
  window: string
}

const RANGE = [0, 1] as const

/** Drift of each window, where it is going, and when something was out of the ordinary. */
export function DriftPanel({ reading, meaning, forecast, anomalies, window }: DriftPanelProps) {
  const columns = useMemo(() => joined(reading.series, meaning, forecast.points), [reading.series, meaning, forecast.points])
  const markers = useMemo<Marker[]>(
    () => anomalies.edges.map(({ node }) => ({ time: seconds(node.startedAt), label: ANOMALY_NAMES[node.kind] })),
    [anomalies],
  )
  const now = latest(reading.series.driftScore)
  if (now === null) {
    return (
      <Panel title="Drift">
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
  const summary = `${counted(count, 'window')} of ${window}; the latest scored one has ${decimal(now)}, ${levelOf(now).toLowerCase()}.`
  return (
    <Panel
      title="Drift"
      about={`How far the scores within each window of ${window} lie apart: 0 where all agree, 1 where half are 0 and half are 1. Semantic drift: how far what is said has moved since the window before.`}
      tools={
        <span className="small">
          Latest {decimal(now)} <Level level={levelOf(now)} />
        </span>
      }
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

/** The windows there are and the windows foretold, on one axis of time. */
function joined(series: ReadingFragment['series'], meaning: Meaning, points: Conversation['forecast']['points']) {
  const drift = new Map(series.windowStart.map((start, index) => [seconds(start), series.driftScore[index] ?? null]))
  const moved = new Map(meaning.windowStart.map((start, index) => [seconds(start), meaning.semanticDrift[index] ?? null]))
  const ahead = new Map(points.map((point) => [seconds(point.windowStart), point]))
  const times = [...new Set([...drift.keys(), ...ahead.keys()])].sort((a, b) => a - b)
  return {
    times,
    series: [
      { label: 'Drift', colour: '--line', values: times.map((time) => drift.get(time) ?? null) },
      { label: 'Forecast', colour: '--faint', dashed: true, values: times.map((time) => ahead.get(time)?.driftScore ?? null) },
      { label: 'Semantic drift', colour: '--meaning', values: times.map((time) => moved.get(time) ?? null) },
    ],
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
