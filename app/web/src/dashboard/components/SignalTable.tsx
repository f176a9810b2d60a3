import './SignalTable.css'

import type { ReactNode } from 'react'

import type { SignalRowFragment } from '../api/generated'
import { decimal } from '../format'
import { ClassMark } from './Mark'
import { Time } from './Time'

/** Texts may be a million characters long. */
const LONGEST_TEXT = 280

const shortened = (text: string) => (text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`)

const speakers = ({ userId, agentId }: SignalRowFragment) => [userId, agentId].filter(Boolean).join(' · ')

interface SignalTableProps {
  label: string
  signals: readonly SignalRowFragment[]
  /** What stands below a text: who speaks, where nothing else is more telling. */
  below?: (signal: SignalRowFragment) => ReactNode
}

/** Signals, in the order they are given in, with what their texts sound like. */
export function SignalTable({ label, signals, below = speakers }: SignalTableProps) {
  return (
    <table className="signal-table">
      <caption className="hidden">{label}</caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col" className="wide">
            Source
          </th>
          <th scope="col">Class</th>
          <th scope="col" className="number" title="0 to 1: coherence strength">
            Score
          </th>
          <th scope="col" className="signal-text">
            Text
          </th>
        </tr>
      </thead>
      <tbody>
        {signals.map((signal) => (
          <tr key={signal.id}>
            <td className="signal-time">
              <Time at={signal.timestamp} />
              <span className="narrow">{signal.signalSource}</span>
            </td>
            <td className="wide">{signal.signalSource}</td>
            <td>
              <ClassMark classification={signal.classification} />
            </td>
            <td className="number">{decimal(signal.signalScore)}</td>
            <td className="signal-text">
              {signal.rawContent ? shortened(signal.rawContent) : <span className="faint">no text</span>}
              {signal.escalateFlag === 1 && <span className="tag">escalated</span>}
              <span className="signal-by">{below(signal)}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
