import { useQuery } from 'urql'

import { isConversationId } from '../parameters'
import { ContextWindowIdDocument } from './generated'

/**
 * The contextWindowId of a conversation that an address names by it or by its id; undefined while that is read. What is
 * no id costs nothing, and what names nothing is given back as it is, for the page to say so.
 */
export function useContextWindowId<Given extends string | null>(given: Given): Given | string | undefined {
  const isId = given !== null && isConversationId(given)
  const [{ data, error }] = useQuery({ query: ContextWindowIdDocument, variables: { id: given ?? '' }, pause: !isId })
  if (!isId || error) return given
  return data && (data.conversation?.contextWindowId ?? given)
}
