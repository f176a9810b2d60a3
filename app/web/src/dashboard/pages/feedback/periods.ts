/** The reader's local days, weeks (from Monday), months and years. */
import type { CalendarUnit } from '../../api/generated'

/** Where the period begins that lies `steps` after the one that holds `at`. */
const STARTS: Record<CalendarUnit, (at: Date, steps: number) => Date> = {
  DAY: (at, steps) => new Date(at.getFullYear(), at.getMonth(), at.getDate() + steps),
  WEEK: (at, steps) => new Date(at.getFullYear(), at.getMonth(), at.getDate() - ((at.getDay() + 6) % 7) + 7 * steps),
  MONTH: (at, steps) => new Date(at.getFullYear(), at.getMonth() + steps, 1),
  YEAR: (at, steps) => new Date(at.getFullYear() + steps, 0, 1),
}

/** Names a period by its first day: where clocks are set forward at midnight, that day has no such instant. */
export const periodOf = (start: string) => new Date(start).toDateString()

/** All periods from that of `from` to that of `to`, two at least: their starts, in seconds since 1970, by name. */
export function periods(from: string, to: string, unit: CalendarUnit): Map<string, number> {
  const startOf = STARTS[unit]
  const last = startOf(new Date(to), 0)
  let at = startOf(new Date(from), 0)
  if (at >= last) at = startOf(last, -1)
  const found = new Map<string, number>()
  for (; at <= last; at = startOf(at, 1)) found.set(at.toDateString(), at.getTime() / 1000)
  return found
}
