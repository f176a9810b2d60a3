/** Levels of drift, as docs/metrics.md defines them. */
import type { DriftLevel } from './api/generated'
import type { Zone } from './charts/TimeChart'

export const DRIFT_ZONES: readonly Zone[] = [
  { from: 0, to: 0.3, label: 'Low', colour: '--low' },
  { from: 0.3, to: 0.7, label: 'Medium', colour: '--medium' },
  { from: 0.7, to: 1, label: 'High', colour: '--high' },
]

export function levelOf(driftScore: number): DriftLevel {
  const rounded = Math.round(driftScore * 1e9) / 1e9
  return rounded < 0.3 ? 'LOW' : rounded < 0.7 ? 'MEDIUM' : 'HIGH'
}
