import './Lists.css'

import { type HeardLatelyQuery, HeardLatelyDocument } from '../../api/generated'
import { useReading } from '../../api/reading'
import { Entry } from '../../components/Entry'
import { NumberHeadings } from '../../components/NumberHeadings'
import { Panel } from '../../components/Panel'
import { Empty, Failure, Loading } from '../../components/State'
import { Ago } from '../../components/Time'
import { count } from '../../format'
import { Link, navigate, pathOf } from '../../router'

const NEWEST = 500

const personPath = (userId: string) => pathOf('people', 'users', userId)

/** Who speaks in signals, by the producers' own keys; the API has no list of them all, but any can be looked up. */
export function HeardLately() {
  const { data, error, read } = useReading({ query: HeardLatelyDocument, variables: { newest: NEWEST } })
  const speakers = data && speakersOf(data)
  return (
    <Panel
      className="heard"
      title="Heard lately"
      about={`Who speaks in the newest ${NEWEST} signals, by the key that the producer gave. It need not be a user’s.`}
    >
      <Entry
        label="Look up a key"
        value=""
        commit={(userId) => navigate(personPath(userId))}
        autoComplete="off"
        enterKeyHint="go"
      />
      {error && <Failure error={error} retry={read} />}
      {!speakers && !error && <Loading what="signals" />}
      {speakers?.length === 0 && <Empty title="Nobody is named in them" />}
      {speakers && speakers.length > 0 && (
        <table className="people-table">
          <caption className="hidden">Heard lately</caption>
          <thead>
            <tr>
              <th scope="col">Key</th>
              <NumberHeadings names={['Signals', 'Last']} />
            </tr>
          </thead>
          <tbody>
            {speakers.map(({ userId, signals, last }) => (
              <tr key={userId}>
                <th scope="row">
                  <Link href={personPath(userId)}>{userId}</Link>
                </th>
                <td className="number">{count(signals)}</td>
                <td className="number">
                  <Ago at={last} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

/** The one who spoke last comes first. */
function speakersOf({ signals }: HeardLatelyQuery) {
  const found = new Map<string, { userId: string; signals: number; last: string }>()
  for (const { node } of signals?.edges.toReversed() ?? []) {
    if (node.userId === null) continue
    const known = found.get(node.userId)
    if (known) known.signals += 1
    else found.set(node.userId, { userId: node.userId, signals: 1, last: node.timestamp })
  }
  return [...found.values()]
}
