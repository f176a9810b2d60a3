/** The rules of `predictedDriftRisk`, as docs/metrics.md defines them: why the server says what it says. */
import type { DriftLevel } from '../../api/generated'

export interface Reason {
  level: DriftLevel
  rule: string
}

const rounded = (value: number) => Math.round(value * 1e9) / 1e9

export function meanReason(mean: number): Reason {
  if (rounded(mean) < 60) return { level: 'HIGH', rule: 'below 60' }
  if (rounded(mean) < 80) return { level: 'MEDIUM', rule: 'below 80, not below 60' }
  return { level: 'LOW', rule: '80 or more' }
}

export function volatilityReason(volatility: number): Reason {
  if (rounded(volatility) > 0.25) return { level: 'HIGH', rule: 'above 0.25' }
  if (rounded(volatility) > 0.1) return { level: 'MEDIUM', rule: 'above 0.10, not above 0.25' }
  return { level: 'LOW', rule: '0.10 or less' }
}
