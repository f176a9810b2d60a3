/** How values are written. Numbers keep a fixed count of digits, so that columns of them line up. */
const thousands = new Intl.NumberFormat('en', { useGrouping: true })
const instant = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit',
})
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })

export const NONE = '–'

export const count = (value: number) => thousands.format(value).replaceAll(',', '\u202f')

/** `1 signal`, `2 signals`. */
export const counted = (value: number, noun: string) => `${count(value)} ${noun}${value === 1 ? '' : 's'}`

export function decimal(value: number | null, digits = 2): string {
  if (value === null) return NONE
  const shown = value.toFixed(digits)
  return Number(shown) === 0 ? shown.replace('-', '') : shown.replace('-', '−')
}

/** With its sign, as a change or an adjustment is read. */
export function signed(value: number | null, digits = 2): string {
  const shown = decimal(value, digits)
  return value !== null && Number(value.toFixed(digits)) > 0 ? `+${shown}` : shown
}

export const percent = (value: number | null) => (value === null ? NONE : `${(value * 100).toFixed(1)} %`)

/** In the reader's own time zone; seconds included. */
export const dateTime = (iso: string) => instant.format(new Date(iso))

export const seconds = (iso: string) => Date.parse(iso) / 1000

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600], ['month', 2_629_800], ['day', 86_400], ['hour', 3_600], ['minute', 60],
]

/** `3 min. ago`. */
export function ago(iso: string, now: number): string {
  const past = (now - Date.parse(iso)) / 1000
  for (const [unit, length] of UNITS) {
    if (Math.abs(past) >= length) return relative.format(-Math.trunc(past / length), unit)
  }
  return Math.abs(past) < 5 ? 'now' : relative.format(-Math.trunc(past), 'second')
}
