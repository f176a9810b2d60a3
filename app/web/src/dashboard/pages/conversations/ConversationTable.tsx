import { Sparkline } from '../../charts/Sparkline'
import { Now } from '../../components/Now'
import type { Span } from '../../components/SpanChoice'
import { Ago } from '../../components/Time'
import { count, decimal, NONE, seconds, signed } from '../../format'
import { timeRange } from '../../ranges'
import { Link, pathOf } from '../../router'
import type { Row } from './useConversations'

export function ConversationTable({ rows, span }: { rows: readonly Row[]; span: Span }) {
  const range = timeRange(span.range)
  const axis = range === null ? {} : { from: seconds(range.start), to: Date.now() / 1000 }
  return (
    <table className="conversation-table">
      <caption className="hidden">Conversations, their drift in windows of {span.window}, and their last signals</caption>
      <thead>
        <tr>
          <th scope="col">Conversation</th>
          <th scope="col">Drift</th>
          <th scope="col">Now</th>
          <th scope="col" className="number">
            Coherence<span className="wide">, trend</span>
          </th>
          <th scope="col" className="number wide">
            Signals
          </th>
          <th scope="col" className="number wide">
            Last signal
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <ConversationRow key={row.id} row={row} axis={axis} window={span.window} />
        ))}
      </tbody>
    </table>
  )
}

interface ConversationRowProps {
  row: Row
  axis: { from?: number; to?: number }
  window: string
}

function ConversationRow({ row, axis, window }: ConversationRowProps) {
  const { series, coherenceScoreCurrent, coherenceScoreTrend } = row.coherence
  const parties = [row.agentId, row.user && (row.user.name ?? row.user.username)].filter(Boolean)
  const last = row.lastSignalAt ? <Ago at={row.lastSignalAt} /> : NONE
  return (
    <tr>
      <th scope="row">
        <Link href={pathOf('conversations', row.contextWindowId)} className={row.title === null ? 'identifier' : undefined}>
          {row.title ?? row.contextWindowId}
        </Link>
        {row.status !== 'ACTIVE' && <span className="tag">{row.status.toLowerCase()}</span>}
        <span className="conversation-about">
          {row.title && <span className="identifier">{row.contextWindowId}</span>}
          {parties.map((party) => (
            <span key={party} className="wide">
              {party}
            </span>
          ))}
          <span className="narrow">{last}</span>
        </span>
      </th>
      <td>
        <Sparkline times={series.windowStart} scores={series.driftScore} complete={series.complete} {...axis} />
      </td>
      <td>
        <Now now={row.current} window={window} />
      </td>
      <td className="number">
        {decimal(coherenceScoreCurrent)}
        {coherenceScoreTrend !== null && <span className="conversation-trend">{signed(coherenceScoreTrend)}</span>}
      </td>
      <td className="number wide">{count(row.signalCount)}</td>
      <td className="number wide">{last}</td>
    </tr>
  )
}
