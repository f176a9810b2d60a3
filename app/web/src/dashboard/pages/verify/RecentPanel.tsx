import './RecentPanel.css'

import { useState } from 'react'

import { Level } from '../../components/Mark'
import { NumberHeadings } from '../../components/NumberHeadings'
import { Panel } from '../../components/Panel'
import { Empty } from '../../components/State'
import { Time } from '../../components/Time'
import { count, counted, decimal } from '../../format'
import type { Measured } from './measured'

const STEP = 24

/** The windows in figures, newest first. */
export function RecentPanel({ windows }: { windows: readonly Measured[] }) {
  const [shown, setShown] = useState(STEP)
  const rows = windows.slice(-shown).reverse()
  return (
    <Panel title="Recent values" about={`${counted(windows.length, 'window')} with signals, newest first.`}>
      {rows.length === 0 && <Empty title="No values in this range" />}
      {rows.length > 0 && (
        <div className="scroll" tabIndex={0} role="region" aria-label="Windows, newest first">
          <table className="recent-table">
            <caption className="hidden">Recent values</caption>
            <thead>
              <tr>
                <th scope="col">Start</th>
                <th scope="col" className="wide">
                  End
                </th>
                <NumberHeadings names={['Mean', 'Volatility', 'Signals', 'Drift']} />
                <th scope="col">Level</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((each) => (
                <tr key={each.start}>
                  <th scope="row">
                    <Time at={each.start} />
                  </th>
                  <td className="wide faint">
                    <Time at={each.end} />
                  </td>
                  <td className="number">{decimal(each.mean, 3)}</td>
                  <td className="number">{decimal(each.volatility, 3)}</td>
                  <td className="number">{count(each.signals)}</td>
                  <td className="number">{decimal(each.drift, 3)}</td>
                  <td>
                    <Level level={each.level} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {windows.length > shown && (
        <button type="button" className="recent-more" onClick={() => setShown(shown + 4 * STEP)}>
          Show older
        </button>
      )}
    </Panel>
  )
}
