/** Days without messages are days too, also where clocks change. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

process.env['TZ'] = 'America/New_York'
const { periods } = await import('../src/dashboard/pages/feedback/periods.ts')

const iso = (times: Map<string, number>) => [...times.values()].map((time) => new Date(time * 1000).toISOString())

test('days over the change of clocks', () => {
  const { times, keyOf } = periods(['2026-03-07T05:00:00Z', '2026-03-10T04:00:00Z'], 'DAY')
  assert.deepEqual(iso(times), [
    '2026-03-07T05:00:00.000Z', '2026-03-08T05:00:00.000Z', '2026-03-09T04:00:00.000Z', '2026-03-10T04:00:00.000Z',
  ])
  assert.ok(times.has(keyOf('2026-03-10T04:00:00Z')))
})

test('weeks and months', () => {
  assert.equal(periods(['2026-03-02T05:00:00Z', '2026-03-23T04:00:00Z'], 'WEEK').times.size, 4)
  assert.deepEqual(iso(periods(['2026-01-01T05:00:00Z', '2026-03-01T05:00:00Z'], 'MONTH').times), [
    '2026-01-01T05:00:00.000Z', '2026-02-01T05:00:00.000Z', '2026-03-01T05:00:00.000Z',
  ])
  assert.equal(periods([], 'DAY').times.size, 0)
})
