/** The reader's local days, weeks and months. */
import type { CalendarUnit } from '../../api/generated'

const STEPS: Record<CalendarUnit, (from: Date) => Date> = {
  DAY: (from) => new Date(from.getFullYear(), from.getMonth(), from.getDate() + 1),
  WEEK: (from) => new Date(from.getFullYear(), from.getMonth(), from.getDate() + 7),
  MONTH: (from) => new Date(from.getFullYear(), from.getMonth() + 1, 1),
  YEAR: (from) => new Date(from.getFullYear() + 1, 0, 1),
}

/** By its date: where clocks are set forward at midnight, the day has no such instant. */
const keyOf = (at: string) => new Date(at).toDateString()

/** All periods from the first of `starts` to the last, empty ones too: their starts, in seconds, by key. */
export function periods(starts: readonly string[], unit: CalendarUnit) {
  const instants = starts.map((start) => Date.parse(start))
  const last = instants.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const times = new Map<string, number>()
  let at = new Date(instants.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY))
  while (at.getTime() <= last) {
    times.set(at.toDateString(), at.getTime() / 1000)
    at = STEPS[unit](at)
  }
  return { times, keyOf }
}
