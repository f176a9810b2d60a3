const USUAL = ['5m', '15m', '1h', '6h', '1d', '7d']
const SECONDS: Record<string, number> = { d: 86_400, h: 3_600, m: 60, s: 1 }

/** Of a duration in the short form, in which the API gives them back. */
const seconds = (duration: string) =>
  [...duration.matchAll(/(\d+)([dhms])/g)].reduce((sum, [, n, unit]) => sum + Number(n) * (SECONDS[unit ?? ''] ?? 0), 0)

/** The configured windows and the usual ones, shortest first. */
export const offeredWindows = (configured: readonly string[]) =>
  [...new Set([...configured, ...USUAL])].sort((a, b) => seconds(a) - seconds(b))
