import './AnomalyList.css'

import type { AnomalyFactsFragment, AnomalyKind } from '../api/generated'
import { counted } from '../format'
import { Ago } from './Time'

export const ANOMALY_NAMES: Record<AnomalyKind, string> = {
  RAPID_FIRE: 'Rapid fire',
  DRIFT_SHIFT: 'Drift shift',
}

const MEANINGS: Record<AnomalyKind, (anomaly: AnomalyFactsFragment) => string> = {
  RAPID_FIRE: ({ userId, eventCount }) => `${counted(eventCount, 'signal')} of ${userId} within seconds of each other`,
  DRIFT_SHIFT: ({ eventCount }) => `the scores changed for good, seen over ${counted(eventCount, 'signal')}`,
}

/** What the detectors found, newest first, with the numbers that they give as their reasons. */
export function AnomalyList({ anomalies }: { anomalies: readonly AnomalyFactsFragment[] }) {
  return (
    <ul className="anomaly-list">
      {anomalies.map((anomaly) => (
        <li key={anomaly.id}>
          <p>
            <strong>{ANOMALY_NAMES[anomaly.kind]}</strong>, <Ago at={anomaly.startedAt} />:{' '}
            {MEANINGS[anomaly.kind](anomaly)}.
          </p>
          <details>
            <summary className="small faint">Details of the detector</summary>
            <pre tabIndex={0}>{JSON.stringify(anomaly.details, null, 2)}</pre>
          </details>
        </li>
      ))}
    </ul>
  )
}
