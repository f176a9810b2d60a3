import type { NowFactsFragment } from '../api/generated'
import { counted, dateTime } from '../format'
import { Level } from './Mark'

/** The level of the window that ends now; nothing is judged by one that has just begun. */
export function Now({ now: { signalCount, level, since }, window }: { now: NowFactsFragment; window: string }) {
  const says = `${counted(signalCount, 'signal')} in the last ${window}`
  if (level === null) {
    return (
      <span className="faint" title={`${says}: a level takes two`}>
        {signalCount === 0 ? 'Quiet' : 'One signal'}
      </span>
    )
  }
  return (
    <span title={since === null ? says : `${says}; ${level.toLowerCase()} since ${dateTime(since)}`}>
      <Level level={level} />
    </span>
  )
}
