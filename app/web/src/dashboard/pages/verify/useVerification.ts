import { type AnyVariables, type Operation, stringifyDocument } from 'urql'

import {
  type VerifiedCoherenceFragment,
  type VerifiedMetricsFragment,
  VerifyConversationDocument,
  VerifyEverythingDocument,
  type VerifyEverythingQuery,
} from '../../api/generated'
import { useReading } from '../../api/reading'
import type { Asked } from './asked'

export interface Reading {
  coherence: VerifiedCoherenceFragment
  metrics: VerifiedMetricsFragment
}

/** An answer as it came, with what it answers. */
export interface Answer {
  operation: Operation<unknown, AnyVariables>
  data: unknown
  extensions: Record<string, unknown> | undefined
}

/** The request as it was sent. */
export const requestOf = ({ operation }: Answer) => ({
  query: stringifyDocument(operation.query),
  variables: JSON.stringify(operation.variables, null, 2),
})

/** Undefined where one of the two is missing, which the error beside it explains. */
const wholeOf = ({ coherence, metrics }: VerifyEverythingQuery): Reading | undefined =>
  coherence && metrics ? { coherence, metrics } : undefined

/** One request for all that the view shows: of everything, or of one conversation, which may not exist (null). */
export function useVerification({ contextWindowId, window, sources, start, end }: Asked) {
  const variables = {
    window,
    at: end,
    range: start === null && end === null ? null : { start, end },
    sources: sources.length === 0 ? null : [...sources],
  }
  const everything = useReading({
    query: VerifyEverythingDocument,
    variables,
    pause: contextWindowId !== null,
  })
  const one = useReading({
    query: VerifyConversationDocument,
    variables: { contextWindowId: contextWindowId ?? '', ...variables },
    pause: contextWindowId === null,
  })
  const { data, operation, extensions, ...rest } = contextWindowId === null ? everything : one
  const reading = data && ('conversation' in data ? data.conversation : wholeOf(data))
  const answer: Answer | undefined = data && operation && { operation, data, extensions }
  return { reading, answer, ...rest }
}
