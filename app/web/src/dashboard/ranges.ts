/** How far back a view looks. */
export const RANGES = [
  { value: '1d', name: 'Last 24 hours', days: 1 },
  { value: '7d', name: 'Last 7 days', days: 7 },
  { value: '30d', name: 'Last 30 days', days: 30 },
  { value: 'all', name: 'All time', days: null },
] as const

const DAY_MS = 86_400_000
/** What a subscription can look back at most. */
const LONGEST_DAYS = 366

const daysOf = (range: string) => RANGES.find(({ value }) => value === range)?.days ?? null

/** The API's TimeRange, as of now; null for all time. */
export function timeRange(range: string, now = Date.now()) {
  const days = daysOf(range)
  return days === null ? null : { start: new Date(now - days * DAY_MS).toISOString() }
}

export const lookback = (range: string) => `${daysOf(range) ?? LONGEST_DAYS}d`

/** Whether a subscription sees all that `range` holds of what began at `startedAt`. */
export const isWhollyLive = (range: string, startedAt: string) =>
  daysOf(range) !== null || Date.parse(startedAt) > Date.now() - LONGEST_DAYS * DAY_MS
