import './RiskPanel.css'

import type { VerifiedMetricsFragment } from '../../api/generated'
import { Level } from '../../components/Mark'
import { Panel } from '../../components/Panel'
import { Empty } from '../../components/State'
import { Time } from '../../components/Time'
import { counted, decimal } from '../../format'
import { meanReason, type Reason, volatilityReason } from './risk'

/** The risk of the window at the range's end, and the two measures that it is the higher of. */
export function RiskPanel({ window, metrics }: { window: string; metrics: VerifiedMetricsFragment }) {
  const { coherenceMean: mean, volatilityIndex: volatility } = metrics
  return (
    <Panel
      title="Risk"
      about={
        <>
          Of the {window} before <Time at={metrics.timestamp} />, {counted(metrics.n, 'signal')}.
        </>
      }
    >
      {mean === null || metrics.predictedDriftRisk === null ? (
        <Empty title={`No signals in the last ${window}`}>
          <p>Without any there is nothing to tell the risk by.</p>
        </Empty>
      ) : (
        <>
          <p className="risk-level">
            <Level level={metrics.predictedDriftRisk} />
          </p>
          <table className="risk-table">
            <caption className="hidden">What the risk comes from</caption>
            <tbody>
              <Measure name="Mean" value={decimal(mean, 1)} unit="of scores, times 100" reason={meanReason(mean)} />
              <Measure
                name="Volatility"
                value={decimal(volatility, 3)}
                unit="their standard deviation"
                reason={volatility === null ? null : volatilityReason(volatility)}
              />
            </tbody>
          </table>
          <p className="risk-rule faint">The higher of the two is the risk.</p>
        </>
      )}
    </Panel>
  )
}

interface MeasureProps {
  name: string
  value: string
  unit: string
  reason: Reason | null
}

function Measure({ name, value, unit, reason }: MeasureProps) {
  return (
    <tr>
      <th scope="row">
        {name}
        <span>{unit}</span>
      </th>
      <td className="number">{value}</td>
      <td>
        {reason === null ? (
          <span className="faint">takes two signals</span>
        ) : (
          <>
            <Level level={reason.level} />
            <span className="risk-why">{reason.rule}</span>
          </>
        )}
      </td>
    </tr>
  )
}
