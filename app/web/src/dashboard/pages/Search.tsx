import './Search.css'

import type { FormEvent } from 'react'

import { useContextWindowId } from '../api/contextWindowId'
import { SearchDocument } from '../api/generated'
import { useReading } from '../api/reading'
import { SignalTable } from '../components/SignalTable'
import { Empty, Failure, Loading } from '../components/State'
import { counted, decimal } from '../format'
import { Link, pathOf, useQueryState } from '../router'
import { useTitle } from '../title'

const MOST = 50

/** Signals by what they are about, nearest first; in one conversation where the address names it. */
export default function Search() {
  useTitle('Search')
  const [params, change] = useQueryState()
  const text = params.get('text') ?? ''
  const contextWindowId = useContextWindowId(params.get('conversation'))
  const { data, error, isReading, read } = useReading({
    query: SearchDocument,
    variables: { text, first: MOST, contextWindowId: contextWindowId ?? null },
    pause: text === '' || contextWindowId === undefined,
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    change({ text: String(new FormData(event.currentTarget).get('text')).trim() })
  }
  const found = text === '' ? undefined : data?.searchSignals
  const similarities = new Map(found?.map(({ signal, similarity }) => [signal.id, similarity]))
  return (
    <>
      <h1>Search</h1>
      <search>
        <form className="search-form" onSubmit={submit}>
          <input
            key={text}
            type="search"
            name="text"
            aria-label="What it is about"
            placeholder="What it is about"
            defaultValue={text}
          />
          <button type="submit">Search</button>
          {contextWindowId != null && (
            <button type="button" className="chip" onClick={() => change({ conversation: null })}>
              Only in {contextWindowId} <span aria-hidden="true">×</span>
            </button>
          )}
        </form>
      </search>
      {text !== '' && error && <Failure error={error} retry={read} />}
      {text !== '' && !found && !error && <Loading what="signals" />}
      {found?.length === 0 && <Empty title="Nothing was found" />}
      {found && found.length > 0 && (
        <div aria-busy={isReading}>
          <p className="small faint" role="status">
            {counted(found.length, 'signal')}, nearest first
          </p>
          <SignalTable
            label="Signals, nearest first"
            signals={found.map(({ signal }) => signal)}
            below={({ id, contextWindowId: conversation }) => (
              <>
                {decimal(similarities.get(id) ?? 0)} alike ·{' '}
                <Link href={pathOf('conversations', conversation)}>{conversation}</Link>
              </>
            )}
          />
        </div>
      )}
    </>
  )
}
