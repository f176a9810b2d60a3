/** Arguments of a connection for the page that the address names: after one cursor, before another, or at one end. */
export function pageArguments(params: URLSearchParams, size: number, end: 'first' | 'last' = 'first') {
  const before = params.get('before')
  const after = params.get('after')
  if (before !== null) return { last: size, before }
  if (after !== null) return { first: size, after }
  return { [end]: size }
}
