/** What the verification view is asked for: all of it in the address. */
import { useMemo, useState } from 'react'

import { instantOf, optionOf, windowOf } from '../../parameters'
import { useQueryState } from '../../router'

const HOUR_MS = 3_600_000

/** How far back from now. */
export const PRESETS = [
  { value: '1h', name: 'Last hour', length: HOUR_MS },
  { value: '6h', name: 'Last 6 hours', length: 6 * HOUR_MS },
  { value: '1d', name: 'Last 24 hours', length: 24 * HOUR_MS },
  { value: '7d', name: 'Last 7 days', length: 7 * 24 * HOUR_MS },
  { value: '30d', name: 'Last 30 days', length: 30 * 24 * HOUR_MS },
  { value: 'all', name: 'All time', length: null },
] as const

export const EXACT = 'exact'

export const STANDARD = { window: '1h', range: '1d' }

export interface Asked {
  contextWindowId: string | null
  window: string
  /** One of the presets, or EXACT. */
  range: string
  sources: readonly string[]
  /** Instants as the API takes them; null leaves that side open. */
  start: string | null
  end: string | null
}

/**
 * What the address asks for, with instants in place of a preset: what is shown can be asked again, and gives the same
 * numbers. `refresh` takes the instants anew.
 */
export function useAsked(): { asked: Asked; refresh: () => void } {
  const [params] = useQueryState()
  const [moment, setMoment] = useState(wholeSecond)
  const asked = useMemo(() => {
    const range = optionOf(params.get('range'), [...PRESETS, { value: EXACT }], STANDARD.range)
    return {
      contextWindowId: params.get('conversation'),
      window: windowOf(params.get('window'), STANDARD.window),
      range,
      sources: params.getAll('source'),
      ...(range === EXACT ? exact(instantOf(params.get('start')), instantOf(params.get('end'))) : preset(range, moment)),
    }
  }, [params, moment])
  return { asked, refresh: () => setMoment(wholeSecond) }
}

/** Sides that are the wrong way round are changed over. */
const exact = (start: string | null, end: string | null) =>
  start !== null && end !== null && Date.parse(start) > Date.parse(end) ? { start: end, end: start } : { start, end }

const wholeSecond = () => Math.floor(Date.now() / 1000) * 1000

function preset(range: string, end: number) {
  const length = PRESETS.find(({ value }) => value === range)?.length ?? null
  return { start: length === null ? null : new Date(end - length).toISOString(), end: new Date(end).toISOString() }
}
