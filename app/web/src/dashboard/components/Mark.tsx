/** Words of the API's enums, each with a shape of its own: no meaning hangs on a colour alone. */
import './Mark.css'

import type { Classification, DriftLevel } from '../api/generated'
import { NONE } from '../format'

const LEVELS: Record<DriftLevel, { word: string; shape: string }> = {
  LOW: { word: 'Low', shape: 'M2 6a4 4 0 1 0 8 0a4 4 0 1 0 -8 0' },
  MEDIUM: { word: 'Medium', shape: 'M6 1.5L11 10.5H1Z' },
  HIGH: { word: 'High', shape: 'M6 0.5L11.5 6L6 11.5L0.5 6Z' },
}

const CLASSES: Record<Classification, { word: string; shape: string }> = {
  POSITIVE: { word: 'Positive', shape: 'M6 1.5V10.5M1.5 6H10.5' },
  NEUTRAL: { word: 'Neutral', shape: 'M1.5 4H10.5M1.5 8H10.5' },
  STRESSED: { word: 'Stressed', shape: 'M6 1V7.5M6 9.5V11' },
  UNCERTAIN: { word: 'Uncertain', shape: 'M3 4a3 3 0 1 1 4 2.7Q6 7.2 6 8M6 9.5V11' },
}

/** Level of drift: how far scores lie apart. */
export function Level({ level }: { level: DriftLevel | null }) {
  if (level === null) return <span className="faint">{NONE}</span>
  const { word, shape } = LEVELS[level]
  return (
    <span className="mark" data-mark={level}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <path d={shape} />
      </svg>
      {word}
    </span>
  )
}

/** What a signal's text sounds like. */
export function ClassMark({ classification }: { classification: Classification }) {
  const { word, shape } = CLASSES[classification]
  return (
    <span className="mark mark-drawn" data-mark={classification}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <path d={shape} />
      </svg>
      {word}
    </span>
  )
}
