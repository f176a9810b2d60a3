import { useSyncExternalStore } from 'react'

import { ago, dateTime } from '../format'

// One clock for every time on the page, which stands still where there is none.
const TICK_MS = 5_000
const readers = new Set<() => void>()
let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

function tick() {
  now = Date.now()
  for (const reader of readers) reader()
}

function subscribe(reader: () => void) {
  if (readers.size === 0) {
    now = Date.now()
    timer = setInterval(tick, TICK_MS)
  }
  readers.add(reader)
  return () => {
    readers.delete(reader)
    if (readers.size === 0) clearInterval(timer)
  }
}

/** An instant in the reader's time zone. */
export function Time({ at }: { at: string }) {
  return <time dateTime={at}>{dateTime(at)}</time>
}

/** How long ago; the instant itself as its title. */
export function Ago({ at }: { at: string }) {
  const current = useSyncExternalStore(subscribe, () => now)
  return (
    <time dateTime={at} title={dateTime(at)}>
      {ago(at, Math.max(current, Date.parse(at)))}
    </time>
  )
}
