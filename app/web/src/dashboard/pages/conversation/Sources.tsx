import './Sources.css'

import type { ConversationQuery, ReadingFragment } from '../../api/generated'
import { NumberHeadings } from '../../components/NumberHeadings'
import { Panel } from '../../components/Panel'
import { count, percent, signed } from '../../format'

/** More than these say little; the API has them all. */
const MOST = 12

/** Where the signals come from. */
export function Sources({ reading }: { reading: ReadingFragment }) {
  const total = Math.max(reading.totalSignalCount, 1)
  const more = reading.signalSources.length - MOST
  return (
    <Panel title="Sources">
      <ul className="sources">
        {reading.signalSources.slice(0, MOST).map((each) => (
          <li key={each.source} style={{ '--share': each.count / total }}>
            <span>{each.source}</span>
            <span className="number">{count(each.count)}</span>
            <span className="number faint">{percent(each.count / total)}</span>
          </li>
        ))}
      </ul>
      {more > 0 && <p className="small faint">and {count(more)} more</p>}
    </Panel>
  )
}

type Steps = NonNullable<ConversationQuery['conversation']>['lineage']

/** How the conversation moved from source to source. */
export function Lineage({ steps }: { steps: Steps }) {
  return (
    <Panel title="Lineage" about="Steps from one source to the next, and by how much the score changed on average.">
      {steps.length === 0 ? (
        <p className="small faint">All signals came from one source.</p>
      ) : (
        <table className="lineage">
          <thead>
            <tr>
              <th scope="col">Step</th>
              <NumberHeadings names={['Times', 'Score']} />
            </tr>
          </thead>
          <tbody>
            {steps.slice(0, MOST).map((step) => (
              <tr key={`${step.fromSource}\n${step.toSource}`}>
                <td>
                  {step.fromSource} <span aria-label="to">→</span> {step.toSource}
                </td>
                <td className="number">{count(step.count)}</td>
                <td className="number">{signed(step.meanScoreChange)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}
