import './Frequency.css'

import type { FrequencyFactsFragment } from '../../api/generated'
import { ClassMark } from '../../components/Mark'
import { count, percent } from '../../format'

/** How often each class occurs: word, mark, bar, count and share. */
export function Frequency({ label, summary }: { label: string; summary: FrequencyFactsFragment }) {
  return (
    <table className="frequency">
      <caption className="hidden">{label}</caption>
      <thead className="hidden">
        <tr>
          <th scope="col">Class</th>
          <td />
          <th scope="col">Signals</th>
          <th scope="col">Share</th>
        </tr>
      </thead>
      <tbody>
        {summary.classifications.map(({ classification, count: signals }) => {
          const share = signals / Math.max(1, summary.totalCount)
          return (
            <tr key={classification}>
              <th scope="row">
                <ClassMark classification={classification} />
              </th>
              <td className="frequency-bar" aria-hidden="true" data-mark={classification}>
                <div style={{ '--share': share }} />
              </td>
              <td className="number">{count(signals)}</td>
              <td className="number faint">{percent(share)}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
