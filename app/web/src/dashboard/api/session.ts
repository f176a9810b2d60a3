/** Whether the server has said that nobody is signed in: the page then shows how one does. A sign-in loads it anew. */
import { useSyncExternalStore } from 'react'
import type { CombinedError } from 'urql'

class Session {
  hasEnded = false
  private listeners = new Set<() => void>()

  subscribe = (listener: () => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  end() {
    this.hasEnded = true
    for (const listener of this.listeners) listener()
  }

  /** Looks at what went wrong, wherever it did. */
  judge = (error: CombinedError) => {
    if (error.graphQLErrors.some(({ extensions }) => extensions['code'] === 'UNAUTHENTICATED')) this.end()
  }
}

export const session = new Session()

export const useHasEnded = () => useSyncExternalStore(session.subscribe, () => session.hasEnded)

/** Ends it on the server too; an error where the server cannot be asked. */
export async function signOut() {
  const response = await fetch('/auth/logout', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
  })
  if (!response.ok) throw new Error(response.statusText)
  session.end()
}
