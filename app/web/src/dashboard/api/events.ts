import { useEffect, useRef, useState } from 'react'
import { type AnyVariables, type CombinedError, type TypedDocumentNode, useClient } from 'urql'

/**
 * Calls `act` with each event of a subscription, which ends with the page, or when it is paused. For streams of which
 * not every event is worth a render; the others have urql's useSubscription. Answers what ended it, if anything did.
 */
export function useEvents<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  act: (data: Data) => void,
  { pause = false } = {},
): CombinedError | undefined {
  const client = useClient()
  const [error, setError] = useState<CombinedError>()
  const latest = useRef(act)
  latest.current = act
  const key = JSON.stringify(variables)
  useEffect(() => {
    setError(undefined)
    if (pause) return
    const events = client.subscription(document, JSON.parse(key) as Variables).subscribe((result) => {
      if (result.error) setError(result.error)
      if (result.data !== undefined) latest.current(result.data)
    })
    return events.unsubscribe
  }, [client, document, key, pause])
  return error
}
