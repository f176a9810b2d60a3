/** Light or dark: as the system says, unless the reader chose one. The choice stays in this browser. */
import { useSyncExternalStore } from 'react'

export type Theme = 'system' | 'light' | 'dark'

const KEY = 'coherence:theme'
const system = matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()

const chosen = (): Theme => {
  const stored = localStorage.getItem(KEY)
  return stored === 'light' || stored === 'dark' ? stored : 'system'
}

/** Puts the choice where tokens.css looks for it. */
export function applyTheme() {
  document.documentElement.dataset['theme'] = chosen()
}

export function chooseTheme(theme: Theme) {
  localStorage.setItem(KEY, theme)
  applyTheme()
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  system.addEventListener('change', listener)
  return () => {
    listeners.delete(listener)
    system.removeEventListener('change', listener)
  }
}

export const useTheme = () => useSyncExternalStore(subscribe, chosen)

/** What is seen: for what draws with colours of its own, such as a canvas. */
export const useIsDark = () =>
  useSyncExternalStore(subscribe, () => {
    const theme = chosen()
    return theme === 'system' ? system.matches : theme === 'dark'
  })
