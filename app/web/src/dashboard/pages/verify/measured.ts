import type { DriftLevel, VerifiedCoherenceFragment } from '../../api/generated'
import { levelOf } from '../../levels'

export interface Measured {
  start: string
  end: string
  signals: number
  mean: number
  /** Sample standard deviation of its scores, as docs/metrics.md defines volatility; null under two signals. */
  volatility: number | null
  drift: number | null
  level: DriftLevel | null
}

/** The windows that hold signals, oldest first. */
export function measured({ series, windowSec }: VerifiedCoherenceFragment): Measured[] {
  return series.windowStart.map((start, index) => {
    const signals = series.signalCount[index] ?? 0
    const drift = series.driftScore[index] ?? null
    return {
      start,
      end: new Date(Date.parse(start) + windowSec * 1000).toISOString(),
      signals,
      mean: series.mean[index] ?? 0,
      volatility: signals < 2 ? null : Math.sqrt(((series.variance[index] ?? 0) * signals) / (signals - 1)),
      drift,
      level: drift === null ? null : levelOf(drift),
    }
  })
}
