import { useQuery } from 'urql'

import { ConversationsDocument } from '../api/generated'
import { Level } from '../components/Mark'
import { Failure, Loading } from '../components/State'
import { Ago } from '../components/Time'
import { Link, pathOf } from '../router'
import { useTitle } from '../title'

export function Conversations() {
  useTitle('Conversations')
  const [{ data, error }, read] = useQuery({
    query: ConversationsDocument,
    variables: { first: 20, window: '1h', orderBy: { field: 'LAST_SIGNAL_AT', direction: 'DESC' } },
  })
  if (error) return <Failure error={error} retry={read} />
  if (!data) return <Loading what="the conversations" />
  return (
    <ul>
      {data.conversations.edges.map(({ node }) => (
        <li key={node.id}>
          <Link href={pathOf('conversations', node.contextWindowId)}>{node.title ?? node.contextWindowId}</Link>{' '}
          <Level level={node.coherence.level} /> {node.lastSignalAt && <Ago at={node.lastSignalAt} />}
        </li>
      ))}
    </ul>
  )
}
