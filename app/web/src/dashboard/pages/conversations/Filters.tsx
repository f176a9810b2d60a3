import { Choice } from '../../components/Choice'
import { optionOf } from '../../parameters'
import type { Changes } from '../../router'

/** The names that filters have in the address; `agent` and `user` come by links from elsewhere. */
export const FILTERS = ['search', 'status', 'agent', 'user'] as const

export const STATUSES = [
  { value: '', name: 'Any' },
  { value: 'ACTIVE', name: 'Active' },
  { value: 'ARCHIVED', name: 'Archived' },
  { value: 'DELETED', name: 'Deleted' },
]

export const SORTS = [
  { value: '', name: 'Latest signal' },
  { value: 'quietest', name: 'Longest quiet' },
  { value: 'newest', name: 'Newest' },
  { value: 'oldest', name: 'Oldest' },
]

interface FiltersProps {
  params: URLSearchParams
  change: (changes: Changes, options?: { replace?: boolean }) => void
}

export function Filters({ params, change }: FiltersProps) {
  const set = (changes: Changes, options?: { replace?: boolean }) =>
    change({ ...changes, after: null, before: null }, options)
  const agent = params.get('agent')
  return (
    <>
      <search>
        <input
          type="search"
          aria-label="Search title or id"
          placeholder="Search title or id"
          value={params.get('search') ?? ''}
          onChange={(event) => set({ search: event.target.value }, { replace: true })}
        />
      </search>
      <Choice
        label="Status"
        value={optionOf(params.get('status'), STATUSES, '')}
        options={STATUSES}
        choose={(status) => set({ status })}
      />
      <Choice label="Sort by" value={optionOf(params.get('sort'), SORTS, '')} options={SORTS} choose={(sort) => set({ sort })} />
      {agent !== null && <Chip says={`Agent ${agent}`} remove={() => set({ agent: null })} />}
      {params.has('user') && <Chip says="One user’s" remove={() => set({ user: null })} />}
    </>
  )
}

function Chip({ says, remove }: { says: string; remove: () => void }) {
  return (
    <button type="button" className="chip" onClick={remove} aria-label={`Remove the filter: ${says}`}>
      {says} <span aria-hidden="true">×</span>
    </button>
  )
}
