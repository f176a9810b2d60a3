import './OriginPanel.css'

import { Panel } from '../../components/Panel'
import { Time } from '../../components/Time'
import { type Answer, type Reading, requestOf } from './useVerification'

/** How the numbers came about, down to the request that was sent. */
export function OriginPanel({ answer, reading }: { answer: Answer; reading: Reading }) {
  const { query, variables } = requestOf(answer)
  const { inputs, meta } = reading.coherence
  return (
    <Panel
      title="The query"
      about={
        <>
          As version {meta.engineVersion} answered it. Everything counts that was committed before{' '}
          <Time at={inputs.asOf} />; windows were read from {inputs.source.replaceAll('_', ' ') || 'nothing'}, the risk’s
          from {reading.metrics.inputs.source}.
        </>
      }
    >
      <details className="origin-request">
        <summary className="small">Query and variables</summary>
        <pre tabIndex={0} aria-label="Query">
          {query}
        </pre>
        <pre tabIndex={0} aria-label="Variables">
          {variables}
        </pre>
      </details>
    </Panel>
  )
}
