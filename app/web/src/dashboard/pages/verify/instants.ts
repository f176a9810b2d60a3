/** Instants of the API, in UTC, as the browser's own fields for date and time have them: local, to the second. */
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone

export function toLocal(at: string | null): string {
  const ms = Date.parse(at ?? '')
  if (Number.isNaN(ms)) return ''
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

export const fromLocal = (value: string) => (value === '' ? null : new Date(value).toISOString())
