import { useQuery } from 'urql'

import { SpanChoiceDocument } from '../api/generated'
import { optionOf, windowOf } from '../parameters'
import { RANGES } from '../ranges'
import { useQueryState } from '../router'
import { Choice } from './Choice'

export interface Span {
  window: string
  range: string
}

/** The window and the range of the address, or what the page takes without. */
export function useSpan(standard: Span): Span {
  const [params] = useQueryState()
  return {
    window: windowOf(params.get('window'), standard.window),
    range: optionOf(params.get('range'), RANGES, standard.range),
  }
}

/** How wide the windows are and how far back they go; in the address, so that a view can be shared. */
export function SpanChoice({ span, standard }: { span: Span; standard: Span }) {
  const [, change] = useQueryState()
  const [{ data }] = useQuery({ query: SpanChoiceDocument })
  const windows = [...new Set([...(data?.status.configuredWindows ?? []), span.window])]
  const choose = (name: keyof Span) => (value: string) =>
    change({ [name]: value === standard[name] ? null : value, after: null, before: null })
  return (
    <>
      <Choice
        label="Window"
        value={span.window}
        options={windows.map((window) => ({ value: window, name: window }))}
        choose={choose('window')}
      />
      <Choice label="Range" value={span.range} options={RANGES} choose={choose('range')} />
    </>
  )
}
