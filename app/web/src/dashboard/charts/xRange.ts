/**
 * Where an axis of time begins and ends: with what was asked for, or else with the first and the last value. A value
 * alone has a few windows of room to either side, so that the axis tells the hour and not the decade.
 */
export function xRange(
  times: readonly number[],
  step: number,
  asked?: readonly [number, number] | null,
): [number, number] {
  const [first, last] = [times[0] ?? asked?.[0] ?? 0, times.at(-1) ?? asked?.[1] ?? 0]
  const [start, end] = [Math.min(first, asked?.[0] ?? first), Math.max(last, asked?.[1] ?? last)]
  const room = Math.max(0, (LEAST * step - (end - start)) / 2)
  return [start - room, end + room]
}

/** Windows that an axis has room for at least. */
const LEAST = 6
