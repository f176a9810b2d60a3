import './One.css'

import { AgentDocument } from '../../api/generated'
import { useReading } from '../../api/reading'
import { Panel } from '../../components/Panel'
import { Empty, Failure, Loading } from '../../components/State'
import { counted } from '../../format'
import { useTitle } from '../../title'
import { Anomalies } from './Anomalies'
import { Back } from './Back'
import { Entries } from './Entries'
import { Frequency } from './Frequency'
import { TheirConversations } from './TheirConversations'

/** One agent: what its signals sound like, and the conversations that it leads. */
export function Agent({ agentId }: { agentId: string }) {
  useTitle(agentId)
  const { data, error, read } = useReading({ query: AgentDocument, variables: { agentId } })
  if (error) return <Failure error={error} retry={read} />
  if (!data?.signalSummary || !data.conversations) return <Loading what="the agent" />
  const { signalSummary, conversations } = data
  const led = conversations.edges.map(({ node }) => node)
  const anomalies = led.flatMap((each) => each.anomalies.edges.map(({ node }) => node))
  return (
    <>
      <header className="one-header">
        <Back to="agents" />
        <h1>{agentId}</h1>
        <p className="faint small">Agent</p>
      </header>
      <div className="one">
        <div className="one-side">
          <Panel title="What they say" about={`${counted(signalSummary.totalCount, 'signal')} that name this agent.`}>
            {signalSummary.totalCount === 0 ? (
              <Empty title="No signal names this agent" />
            ) : (
              <Frequency label="Classes of what they say" summary={signalSummary} />
            )}
          </Panel>
          <Anomalies
            about={`The latest of each of the ${led.length} conversations beside, newest first.`}
            anomalies={anomalies.sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))}
          />
        </div>
        <div className="one-main">
          <TheirConversations conversations={led} total={conversations.totalCount} />
          <Entries about="Everywhere, newest first." filter={{ agentId }} />
        </div>
      </div>
    </>
  )
}
