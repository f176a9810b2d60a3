import './Sparkline.css'

import { decimal, seconds } from '../format'
import { levelOf } from '../levels'

const WIDTH = 120
const HEIGHT = 28
const EDGE = 3

interface SparklineProps {
  times: readonly string[]
  scores: readonly (number | null)[]
  /** Whether each window has ended: what goes on has a hollow end. */
  complete: readonly boolean[]
  /** Where the axis begins and ends, in seconds; where left out, at the first and the last of the times. */
  from?: number | undefined
  to?: number | undefined
}

/** Drift scores at a glance, on a scale from 0 to 1, with the borders of the levels. */
export function Sparkline({ times, scores, complete, from, to }: SparklineProps) {
  const points = times.flatMap((time, index) => {
    const score = scores[index]
    return score == null ? [] : [[seconds(time), score, complete[index] ?? true] as const]
  })
  const last = points.at(-1)
  if (last === undefined) return <span className="faint small">no drift to show</span>

  const start = from ?? points[0]?.[0] ?? 0
  const length = (to ?? last[0]) - start
  const x = (time: number) => (length > 0 ? EDGE + ((time - start) / length) * (WIDTH - 2 * EDGE) : WIDTH / 2)
  const y = (score: number) => EDGE + (1 - score) * (HEIGHT - 2 * EDGE)
  const path = points.map(([time, score], index) => `${index ? 'L' : 'M'}${x(time).toFixed(1)} ${y(score).toFixed(1)}`)
  const shown = points.map(([, score]) => score)
  const says = `Drift between ${decimal(Math.min(...shown))} and ${decimal(Math.max(...shown))}, the last window ${decimal(last[1])}${last[2] ? '' : ' so far'}`
  return (
    <svg className="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={says}>
      <title>{says}</title>
      <path className="sparkline-border" d={`M0 ${y(0.3)}H${WIDTH}M0 ${y(0.7)}H${WIDTH}`} />
      <path d={path.join('')} />
      <circle data-mark={levelOf(last[1])} data-open={!last[2]} cx={x(last[0])} cy={y(last[1])} r="2.5" />
    </svg>
  )
}
