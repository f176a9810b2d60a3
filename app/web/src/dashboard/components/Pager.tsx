import './Pager.css'

import type { PageFragment } from '../api/generated'
import { type Changes } from '../router'

interface PagerProps {
  page: PageFragment
  /** Gives the cursors of the page to show to the address. */
  turn: (to: Changes) => void
  /** What lies in the direction of reading: `Next`, or `Older`. */
  next?: string
  previous?: string
}

/** Two buttons for a connection that is paged by cursors. */
export function Pager({ page, turn, next = 'Next', previous = 'Previous' }: PagerProps) {
  if (!page.hasNextPage && !page.hasPreviousPage) return null
  return (
    <nav className="pager" aria-label="Pages">
      <button type="button" disabled={!page.hasPreviousPage} onClick={() => turn({ before: page.startCursor, after: null })}>
        ← {previous}
      </button>
      <button type="button" disabled={!page.hasNextPage} onClick={() => turn({ after: page.endCursor, before: null })}>
        {next} →
      </button>
    </nav>
  )
}
