import './CoherencePanel.css'

import type { ReadingFragment } from '../../api/generated'
import { Level } from '../../components/Mark'
import { Panel } from '../../components/Panel'
import { counted, decimal, NONE, signed } from '../../format'

/** The score, and the sum that it comes from. */
export function CoherencePanel({ reading }: { reading: ReadingFragment }) {
  const { coherenceScoreCurrent, coherenceScoreTrend, baseline, adjustments, signalSources, inputs } = reading
  const scored = reading.series.driftScore.filter((score) => score !== null).length
  const sum = [
    {
      name: 'Baseline',
      value: decimal(baseline, 3),
      why: `1 less the mean drift of ${counted(scored, 'window')} with two signals or more.`,
    },
    {
      name: 'Source diversity',
      value: signed(adjustments.sourceDiversity, 3),
      why: `${counted(signalSources.length, 'source')}, with an evenness of ${decimal(reading.sourceDiversity)}: 1 where all send alike.`,
    },
    {
      name: 'Stability',
      value: signed(adjustments.stability, 3),
      why: 'Taken off for how far the mean score moves from window to window.',
    },
    {
      name: 'Trend',
      value: signed(adjustments.trend, 3),
      why: `Coherence changed by ${signed(coherenceScoreTrend)} from the first window to the last.`,
    },
  ]
  return (
    <Panel title="Coherence">
      <p className="coherence-score">
        <strong>{decimal(coherenceScoreCurrent)}</strong>
        <span className="faint">of 1</span>
        {reading.level !== null && (
          <span className="coherence-level">
            <Level level={reading.level} /> <span className="faint">drift on average</span>
          </span>
        )}
      </p>
      {coherenceScoreCurrent === null ? (
        <p className="faint">No window holds two signals: there is nothing to compare.</p>
      ) : (
        <table className="coherence-sum">
          <caption className="hidden">What the score is the sum of</caption>
          <tbody>
            {sum.map(({ name, value, why }) => (
              <tr key={name}>
                <th scope="row">
                  {name}
                  <span>{why}</span>
                </th>
                <td className="number">{value}</td>
              </tr>
            ))}
            <tr className="coherence-total">
              <th scope="row">
                Coherence<span>The sum, kept within 0 and 1.</span>
              </th>
              <td className="number">{decimal(coherenceScoreCurrent, 3)}</td>
            </tr>
          </tbody>
        </table>
      )}
      <p className="coherence-origin faint">
        {counted(reading.totalSignalCount, 'signal')}, read from {inputs.source.replaceAll('_', ' ') || NONE} in{' '}
        {decimal(reading.meta.latencyMs, 0)} ms
      </p>
    </Panel>
  )
}
