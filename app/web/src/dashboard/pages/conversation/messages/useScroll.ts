import { useCallback, useLayoutEffect, useRef } from 'react'

/** Pixels from the end within which a reader follows what comes. */
const NEAR = 48

/** Keeps a list at its end while its reader is there, and in its place when something is put before it. */
export function useScroll(messages: readonly { id: string }[] | undefined, written: string | null) {
  const place = useRef<HTMLDivElement>(null)
  const before = useRef({ first: '', fromEnd: 0 })

  const moved = useCallback(() => {
    const element = place.current
    if (element) before.current.fromEnd = element.scrollHeight - element.scrollTop - element.clientHeight
  }, [])

  const first = messages?.[0]?.id ?? ''
  useLayoutEffect(() => {
    const element = place.current
    if (element === null) return
    const isLonger = before.current.first !== first
    before.current.first = first
    if (before.current.fromEnd <= NEAR) element.scrollTop = element.scrollHeight
    else if (isLonger) element.scrollTop = element.scrollHeight - element.clientHeight - before.current.fromEnd
    moved()
  }, [first, messages, written, moved])
  return { place, moved }
}
