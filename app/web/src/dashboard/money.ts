/** Amounts as decimal text, added digit by digit: no cent is lost to floating point. */

/** The sum of decimals such as `0.00018` or `12`, without trailing zeros. */
export function added(amounts: readonly string[]): string {
  const parts = amounts.map((amount) => amount.split('.'))
  const places = Math.max(0, ...parts.map(([, fraction = '']) => fraction.length))
  const sum = parts.reduce((total, [whole = '0', fraction = '']) => total + BigInt(whole + fraction.padEnd(places, '0')), 0n)
  const digits = sum.toString().padStart(places + 1, '0')
  const end = digits.length - places
  const fraction = digits.slice(end).replace(/0+$/, '')
  return fraction ? `${digits.slice(0, end)}.${fraction}` : digits.slice(0, end)
}

/** As it is read: `$0.00018`. */
export const dollars = (amount: string) => `$${added([amount])}`
