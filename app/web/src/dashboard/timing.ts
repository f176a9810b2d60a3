import { useCallback, useEffect, useRef, useState } from 'react'

/** `value`, once it has stayed the same for `delay` ms. */
export function useSettled<T>(value: T, delay: number): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), delay)
    return () => clearTimeout(timer)
  }, [value, delay])
  return settled
}

/** Calls `act` a while after it was asked for, once for all that asked meanwhile. */
export function useGathered(act: () => void, delay: number): () => void {
  const latest = useRef(act)
  latest.current = act
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  return useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      latest.current()
    }, delay)
  }, [delay])
}

/** Calls `act` again and again while the page is seen. */
export function useEvery(act: () => void, delay: number) {
  const latest = useRef(act)
  latest.current = act
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) latest.current()
    }, delay)
    return () => clearInterval(timer)
  }, [delay])
}
