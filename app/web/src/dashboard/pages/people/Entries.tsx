
import { EntriesDocument, type SignalFilter } from '../../api/generated'
import { pageArguments } from '../../api/page'
import { useReading } from '../../api/reading'
import { Pager } from '../../components/Pager'
import { Panel } from '../../components/Panel'
import { SignalTable } from '../../components/SignalTable'
import { Empty, Failure, Loading } from '../../components/State'
import { Link, pathOf, useQueryState } from '../../router'

const PAGE_SIZE = 20

/** Signals of one person or agent in all conversations, newest first. */
export function Entries({ about, filter }: { about: string; filter: SignalFilter }) {
  const [params, change] = useQueryState()
  const { data, error, read } = useReading({
    query: EntriesDocument,
    variables: { ...pageArguments(params, PAGE_SIZE, 'last'), filter },
  })
  const signals = data?.signals?.edges.map(({ node }) => node).toReversed()
  return (
    <Panel title="Last entries" about={about} className="entries">
      {error && <Failure error={error} retry={read} />}
      {!signals && !error && <Loading what="entries" />}
      {signals?.length === 0 && <Empty title="No entries" />}
      {signals && signals.length > 0 && (
        <SignalTable
          label="Last entries"
          signals={signals}
          below={({ contextWindowId }) => (
            <Link href={pathOf('conversations', contextWindowId)}>{contextWindowId}</Link>
          )}
        />
      )}
      {data?.signals && <Pager page={data.signals.pageInfo} turn={change} previous="Older" next="Newer" />}
    </Panel>
  )
}
