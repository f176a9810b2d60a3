import './SourceChoice.css'

import { count } from '../../format'

interface SourceChoiceProps {
  /** All that have signals. */
  sources: readonly { source: string; count: number }[]
  /** None stands for all of them. */
  chosen: readonly string[]
  choose: (sources: readonly string[]) => void
}

/** Any number of sources. One that was asked for by address stays to be seen, though it has no signals. */
export function SourceChoice({ sources, chosen, choose }: SourceChoiceProps) {
  const unknown = chosen.filter((name) => !sources.some(({ source }) => source === name))
  const offered = [...sources, ...unknown.map((source) => ({ source, count: 0 }))]
  const toggle = (source: string) =>
    choose(chosen.includes(source) ? chosen.filter((each) => each !== source) : [...chosen, source])
  return (
    <fieldset className="source-choice">
      <legend>Sources</legend>
      {offered.map(({ source, count: signals }) => (
        <label key={source}>
          <input type="checkbox" checked={chosen.includes(source)} onChange={() => toggle(source)} />
          {source} <span className="faint number">{count(signals)}</span>
        </label>
      ))}
      {chosen.length === 0 ? (
        <span className="faint">none chosen: all count</span>
      ) : (
        <button type="button" onClick={() => choose([])}>
          All
        </button>
      )}
    </fieldset>
  )
}
