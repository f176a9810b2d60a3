/** What an address may say, and what is taken where it says something else: no link is a dead end. */

const UNIT_SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const
const WORDS = /^(?:\d{1,8}\s*(?:[smhd]|(?:second|minute|hour|day)s?)\s*)+$/
const ISO = /^P(?:\d{1,3}D)?(?:T(?:\d{1,5}H)?(?:\d{1,7}M)?(?:\d{1,8}S)?)?$/
const LONGEST_WINDOW_S = 366 * 86_400

interface Option {
  value: string
}

/** The option that `given` names, in whatever case; `standard` where it names none. */
export function optionOf<Value extends string>(given: string | null, options: readonly Option[], standard: Value): Value {
  const wanted = given?.toLowerCase()
  return (options.find(({ value }) => value.toLowerCase() === wanted)?.value ?? standard) as Value
}

/** A width of windows such as `30s`, `1h30m`, `5 minutes` or `PT5M`, if the server takes it; `standard` otherwise. */
export function windowOf(given: string | null, standard: string): string {
  if (given === null || !(WORDS.test(given) || ISO.test(given))) return standard
  let seconds = 0
  for (const [, number, unit] of given.toLowerCase().matchAll(/(\d+)\s*([smhd])/g)) {
    seconds += Number(number) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS]
  }
  return seconds >= 1 && seconds <= LONGEST_WINDOW_S ? given : standard
}

/** An instant as the API takes it; null where `given` is none. */
export function instantOf(given: string | null): string | null {
  const isInstant = given !== null && /^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/.test(given)
  return isInstant && !Number.isNaN(Date.parse(given)) ? given : null
}

/** Whether `given` looks like the id of a conversation rather than like its contextWindowId. */
export function isConversationId(given: string): boolean {
  try {
    return /^Conversation:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(atob(given))
  } catch {
    return false
  }
}
