/** What the marks in an answer stand for. Places in texts are counted in code points, as the server counts them. */

export interface Citation {
  number: number
  /** Where in the answer its mark stands. */
  at: number
  type: 'Message' | 'Signal'
  id: string
  /** Where in the source's text the quote begins, and where it ends. */
  start: number
  end: number
  quote: string
}

/** Text, or a mark such as `[2]` with what it stands for. */
export type Piece = { text: string; citation?: Citation }

/** Citations are whatever JSON their writer gave: only what has the form of one counts. */
function isCitation(value: unknown): value is Citation {
  if (typeof value !== 'object' || value === null) return false
  const { number, at, type, id, start, end, quote } = value as Record<string, unknown>
  return (
    [number, at, start, end].every(Number.isSafeInteger) &&
    (type === 'Message' || type === 'Signal') &&
    typeof id === 'string' &&
    typeof quote === 'string'
  )
}

/** A message's text, cut where its marks stand. A citation whose mark is not in its place is passed over. */
export function pieces(content: string, citations: unknown): Piece[] {
  const points = [...content]
  const found = (Array.isArray(citations) ? citations.filter(isCitation) : []).sort((a, b) => a.at - b.at)
  const cut: Piece[] = []
  let place = 0
  for (const citation of found) {
    const mark = `[${citation.number}]`
    const end = citation.at + mark.length
    if (citation.at < place || points.slice(citation.at, end).join('') !== mark) continue
    if (citation.at > place) cut.push({ text: points.slice(place, citation.at).join('') })
    cut.push({ text: mark, citation })
    place = end
  }
  if (place < points.length) cut.push({ text: points.slice(place).join('') })
  return cut
}

/** The words that were cited, and as many code points of the text around them; null where the text is another by now. */
export function around(text: string, { start, end, quote }: Citation, most: number) {
  const points = [...text]
  if (points.slice(start, end).join('') !== quote) return null
  const from = Math.max(0, start - most)
  const to = Math.min(points.length, end + most)
  return {
    before: (from > 0 ? '…' : '') + points.slice(from, start).join(''),
    after: points.slice(end, to).join('') + (to < points.length ? '…' : ''),
  }
}
