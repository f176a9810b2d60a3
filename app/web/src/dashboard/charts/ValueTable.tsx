import { useState } from 'react'

import { NONE } from '../format'
import { Time } from '../components/Time'
import type { Area, TimeChartProps } from './TimeChart'

const MOST = 100

type ValueTableProps = Required<Pick<TimeChartProps, 'label' | 'times' | 'series' | 'areas' | 'format'>>

export function between({ lower, upper }: Area, index: number, format: ValueTableProps['format']): string {
  const [from, to] = [lower[index] ?? null, upper[index] ?? null]
  return from === null || to === null ? NONE : `${format(from)} to ${format(to)}`
}

/** A chart's values, newest first; made when it is opened. */
export function ValueTable({ label, times, series, areas, format }: ValueTableProps) {
  const [open, setOpen] = useState(false)
  const shown = Math.min(times.length, MOST)
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="small faint">
        Values as a table{times.length > MOST && ` (the newest ${MOST} of ${times.length})`}
      </summary>
      {open && (
        <div className="chart-table" tabIndex={0} role="region" aria-label={`${label}: values`}>
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                {[...series, ...areas].map((each) => (
                  <th key={each.label} scope="col" className="number">
                    {each.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {Array.from({ length: shown }, (_, back) => times.length - 1 - back).map((index) => (
                <tr key={times[index]}>
                  <th scope="row">
                    <Time at={new Date((times[index] ?? 0) * 1000).toISOString()} />
                  </th>
                  {series.map((each) => (
                    <td key={each.label} className="number">
                      {format(each.values[index] ?? null)}
                    </td>
                  ))}
                  {areas.map((each) => (
                    <td key={each.label} className="number">
                      {between(each, index, format)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  )
}
