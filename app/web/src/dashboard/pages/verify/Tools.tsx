import { CopyButton } from '../../components/CopyButton'
import { type Answer, requestOf } from './useVerification'

/** The answer as it came and the request as it was sent, to take elsewhere. */
export function Tools({ answer }: { answer: Answer }) {
  const request = requestOf(answer)
  return (
    <div className="verify-tools">
      <button type="button" onClick={() => download(answer)}>
        Download JSON
      </button>
      <CopyButton text={request.query} label="Copy query" />
      <a className="button" href={`/graphql#${new URLSearchParams(request)}`}>
        Open in GraphiQL
      </a>
    </div>
  )
}

/** Saves the body of the response: what anyone gets who sends the request. */
function download({ data, extensions }: Answer) {
  const file = new Blob([JSON.stringify({ data, extensions }, null, 2)], { type: 'application/json' })
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = 'coherence.json'
  link.click()
  URL.revokeObjectURL(link.href)
}
