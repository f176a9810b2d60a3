import { useCallback, useEffect } from 'react'
import { type AnyVariables, useQuery, type UseQueryArgs } from 'urql'

import { useOnReturn } from './connection'

const RETRY_MS = 3_000

/**
 * A query whose answer is shown until there is a newer one. It is read again when the connection has come back, and
 * every few seconds for as long as the server does not answer.
 */
export function useReading<Data, Variables extends AnyVariables>(args: UseQueryArgs<Variables, Data>) {
  const [{ data, error, fetching, operation, extensions }, query] = useQuery(args)
  const read = useCallback(() => query({ requestPolicy: 'network-only' }), [query])
  useOnReturn(read)

  const isAway = error?.networkError !== undefined
  useEffect(() => {
    if (!isAway || fetching) return
    const timer = setTimeout(read, RETRY_MS)
    return () => clearTimeout(timer)
  }, [isAway, fetching, read])
  return { data, error, isReading: fetching, read, operation, extensions }
}
