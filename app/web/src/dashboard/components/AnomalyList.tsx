import './AnomalyList.css'

import type { AnomalyFactsFragment, AnomalyKind } from '../api/generated'
import { counted, decimal } from '../format'
import { Link, pathOf } from '../router'
import { Ago } from './Time'

export const ANOMALY_NAMES: Record<AnomalyKind, string> = {
  RAPID_FIRE: 'Rapid fire',
  DRIFT_SHIFT: 'Drift shift',
}

const MEANINGS: Record<AnomalyKind, (anomaly: AnomalyFactsFragment) => string> = {
  RAPID_FIRE: ({ userId, eventCount }) => `${counted(eventCount, 'signal')} of ${userId} within seconds of each other`,
  DRIFT_SHIFT: ({ eventCount, details }) =>
    `the scores changed for good${fromTo(details)}, seen over ${counted(eventCount, 'signal')}`,
}

/** The means that a shift lies between, where the detector names them. */
function fromTo(details: unknown): string {
  const { meanBefore, meanAfter } = (details ?? {}) as Record<string, unknown>
  return typeof meanBefore === 'number' && typeof meanAfter === 'number'
    ? `, from a mean of ${decimal(meanBefore)} to ${decimal(meanAfter)}`
    : ''
}

interface AnomalyListProps {
  anomalies: readonly AnomalyFactsFragment[]
  /** Whether each says in which conversation it lies: for lists that are of several. */
  isLinked?: boolean
}

/** What the detectors found, newest first, with the numbers that they give as their reasons. */
export function AnomalyList({ anomalies, isLinked = false }: AnomalyListProps) {
  return (
    <ul className="anomaly-list">
      {anomalies.map((anomaly) => (
        <li key={anomaly.id}>
          <p>
            <strong>{ANOMALY_NAMES[anomaly.kind]}</strong>, <Ago at={anomaly.startedAt} />:{' '}
            {MEANINGS[anomaly.kind](anomaly)}
            {isLinked && <Where anomaly={anomaly} />}.
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

function Where({ anomaly: { conversation } }: { anomaly: AnomalyFactsFragment }) {
  if (conversation === null) return ', in several conversations'
  const { contextWindowId, title } = conversation
  return (
    <>
      , in <Link href={pathOf('conversations', contextWindowId)}>{title ?? contextWindowId}</Link>
    </>
  )
}
