import './Lists.css'

import { useMemo } from 'react'

import { type AgentsQuery, AgentsDocument } from '../../api/generated'
import { useReading } from '../../api/reading'
import { Panel } from '../../components/Panel'
import { Empty, Failure, Loading } from '../../components/State'
import { count, counted, decimal } from '../../format'
import { Link, pathOf, useQueryState } from '../../router'
import { useTitle } from '../../title'
import { Sections } from './Sections'

const MOST = 100

/** All agents that sent a signal. */
export function Agents() {
  useTitle('Agents')
  const [params, change] = useQueryState()
  const search = params.get('search') ?? ''
  const { data, error, read } = useReading({ query: AgentsDocument })
  const agents = useMemo(() => data && agentsOf(data), [data])
  const found = agents?.filter(({ agentId }) => agentId.toLowerCase().includes(search.toLowerCase()))
  return (
    <>
      <Sections current="agents" />
      <Panel
        title="Agents"
        about="Who signals name as their agent, the busiest first."
        tools={
          <search>
            <input
              type="search"
              aria-label="Search agent"
              placeholder="Search agent"
              value={search}
              onChange={(event) => change({ search: event.target.value }, { replace: true })}
            />
          </search>
        }
      >
        <p className="hidden" role="status">
          {found && counted(found.length, 'agent')}
        </p>
        {error && <Failure error={error} retry={read} />}
        {!found && !error && <Loading what="agents" />}
        {found?.length === 0 && (
          <Empty title={search ? `No agent’s name holds “${search}”` : 'No signal names an agent yet'} />
        )}
        {found && found.length > 0 && <AgentTable agents={found.slice(0, MOST)} />}
        {found && found.length > MOST && (
          <p className="small faint">
            The busiest {MOST} of {count(found.length)}; the others can be searched.
          </p>
        )}
      </Panel>
    </>
  )
}

interface AgentFacts {
  agentId: string
  signals: number
  meanScore: number
  sources: readonly string[]
}

function AgentTable({ agents }: { agents: readonly AgentFacts[] }) {
  return (
    <table className="people-table">
      <caption className="hidden">Agents</caption>
      <thead>
        <tr>
          <th scope="col">Agent</th>
          <th scope="col" className="number">
            Signals
          </th>
          <th scope="col" className="number">
            Mean score
          </th>
          <th scope="col" className="wide">
            Sources
          </th>
        </tr>
      </thead>
      <tbody>
        {agents.map(({ agentId, signals, meanScore, sources }) => (
          <tr key={agentId}>
            <th scope="row">
              <Link href={pathOf('people', 'agents', agentId)}>{agentId}</Link>
            </th>
            <td className="number">{count(signals)}</td>
            <td className="number">{decimal(meanScore, 3)}</td>
            <td className="wide faint">{sources.join(', ')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Sums over sources and years, each agent's score weighted by its signals. */
function agentsOf({ signalBuckets }: AgentsQuery): AgentFacts[] {
  const sums = new Map<string, { signals: number; score: number; sources: Set<string> }>()
  for (const { agentId, signalSource, avgSignalScore, totalCount } of signalBuckets ?? []) {
    if (agentId === null) continue
    const sum = sums.get(agentId) ?? { signals: 0, score: 0, sources: new Set() }
    sum.signals += totalCount
    sum.score += (avgSignalScore ?? 0) * totalCount
    sum.sources.add(signalSource)
    sums.set(agentId, sum)
  }
  return [...sums]
    .map(([agentId, { signals, score, sources }]) => ({
      agentId,
      signals,
      meanScore: score / signals,
      sources: [...sources].sort(),
    }))
    .sort((a, b) => b.signals - a.signals || (a.agentId < b.agentId ? -1 : 1))
}
