/** What stands where data would: none yet, none at all, or a fault. */
import './State.css'

import type { ReactNode } from 'react'
import type { CombinedError } from 'urql'

import { Link } from '../router'

const CURSORS = ['after', 'before']

/** This address without the place in a list: the page that it names is there no more. */
function withoutCursors(): string {
  const params = new URLSearchParams(location.search)
  for (const name of CURSORS) params.delete(name)
  return `${location.pathname}?${params}`
}

/** Shown only where it takes long enough to be noticed. */
export function Loading({ what }: { what: string }) {
  return (
    <p className="state state-loading" role="status">
      Loading {what} …
    </p>
  )
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="state">
      <p className="state-title">{title}</p>
      {children}
    </div>
  )
}

/** The server's own words. */
export const reasonOf = (error: CombinedError) => error.graphQLErrors.map(({ message }) => message).join(' ')

/** Why a request had no answer, in a sentence or two. */
export const whyNot = (error: CombinedError) => (error.networkError ? 'The server does not answer.' : reasonOf(error))

/** Stands beside data that does not follow by itself as it should. */
export function NotLive({ error }: { error: CombinedError }) {
  return (
    <p className="not-live" role="status">
      Not live: {error.networkError ? 'the server sends nothing.' : reasonOf(error)}
    </p>
  )
}

/** Says what went wrong in the server's own words, and what one can do: try again, or start over where that cannot help. */
export function Failure({ error, retry }: { error: CombinedError; retry?: () => void }) {
  const faults = error.graphQLErrors.filter(({ extensions }) => extensions['code'] === 'BAD_USER_INPUT')
  const isCursor = faults.some(({ extensions }) => CURSORS.includes(String(extensions['field'])))
  return (
    <div className="state" role="alert">
      <p className="state-title">{error.networkError ? 'The server does not answer' : 'The server refused this'}</p>
      <p>
        {error.networkError
          ? 'It is asked again every few seconds. Is it running, and the network up?'
          : reasonOf(error)}
      </p>
      {retry && faults.length > 0 && location.search !== '' && (
        <Link href={isCursor ? withoutCursors() : location.pathname}>{isCursor ? 'To the first page' : 'Start over'}</Link>
      )}
      {retry && faults.length === 0 && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  )
}
