/** The address bar is the only place where a view's state is kept, so that every view can be shared. */
import { type AnchorHTMLAttributes, type MouseEvent, useCallback, useMemo, useSyncExternalStore } from 'react'

const MOVED = 'coherence:moved'

function subscribe(listener: () => void) {
  addEventListener('popstate', listener)
  addEventListener(MOVED, listener)
  return () => {
    removeEventListener('popstate', listener)
    removeEventListener(MOVED, listener)
  }
}

export function navigate(to: string, { replace = false } = {}) {
  history[replace ? 'replaceState' : 'pushState'](null, '', to)
  dispatchEvent(new Event(MOVED))
}

/** The segments of the path, decoded: `/conversations/a%2Fb` is `['conversations', 'a/b']`. */
export function usePath(): string[] {
  const path = useSyncExternalStore(subscribe, () => location.pathname)
  return useMemo(() => path.split('/').filter(Boolean).map(decoded), [path])
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment // typed by hand, with a % that means itself
  }
}

export const pathOf = (...segments: string[]) => `/${segments.map(encodeURIComponent).join('/')}`

export type Changes = Record<string, string | readonly string[] | null>

/** The query part, and how to change some of it; what is null or empty leaves the address, a list stands there value by value. */
export function useQueryState(): [URLSearchParams, (changes: Changes, options?: { replace?: boolean }) => void] {
  const search = useSyncExternalStore(subscribe, () => location.search)
  const params = useMemo(() => new URLSearchParams(search), [search])
  const change = useCallback((changes: Changes, options?: { replace?: boolean }) => {
    const next = new URLSearchParams(location.search)
    for (const [name, value] of Object.entries(changes)) {
      const [first, ...others] = [value ?? []].flat()
      if (first) next.set(name, first)
      else next.delete(name)
      for (const other of others) next.append(name, other)
    }
    const query = next.toString()
    navigate(query ? `${location.pathname}?${query}` : location.pathname, options)
  }, [])
  return [params, change]
}

type LinkProps = AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }

/** An anchor that stays on the page; with a modifier key or another button it is one like any other. */
export function Link({ href, ...rest }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    navigate(href)
    scrollTo(0, 0)
  }
  return <a href={href} onClick={follow} {...rest} />
}
