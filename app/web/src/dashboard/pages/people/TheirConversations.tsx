import './Lists.css'

import type { TheirConversationFragment } from '../../api/generated'
import { NumberHeadings } from '../../components/NumberHeadings'
import { Panel } from '../../components/Panel'
import { Empty } from '../../components/State'
import { Ago } from '../../components/Time'
import { count, counted, NONE } from '../../format'
import { Link, pathOf } from '../../router'

interface TheirConversationsProps {
  conversations: readonly TheirConversationFragment[]
  total: number
}

/** Those that had a signal last. */
export function TheirConversations({ conversations, total }: TheirConversationsProps) {
  return (
    <Panel title="Conversations" about={`${counted(total, 'conversation')}, the one with the latest signal first.`}>
      {total === 0 && <Empty title="No conversations" />}
      {conversations.length > 0 && (
        <table className="people-table">
          <caption className="hidden">Conversations</caption>
          <thead>
            <tr>
              <th scope="col">Conversation</th>
              <NumberHeadings names={['Signals', 'Last']} />
            </tr>
          </thead>
          <tbody>
            {conversations.map((each) => (
              <tr key={each.contextWindowId}>
                <th scope="row">
                  <Link href={pathOf('conversations', each.contextWindowId)}>{each.title ?? each.contextWindowId}</Link>
                  {each.title !== null && <span>{each.contextWindowId}</span>}
                </th>
                <td className="number">{count(each.signalCount)}</td>
                <td className="number">{each.lastSignalAt === null ? NONE : <Ago at={each.lastSignalAt} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}
