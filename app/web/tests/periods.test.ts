/** Days without messages are days too, also where clocks change. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

process.env['TZ'] = 'America/New_York'
const { periods, periodOf } = await import('../src/dashboard/pages/feedback/periods.ts')

const starts = (...span: Parameters<typeof periods>) =>
  [...periods(...span).values()].map((time) => new Date(time * 1000).toISOString())

test('days over the change of clocks', () => {
  assert.deepEqual(starts('2026-03-07T12:34:56Z', '2026-03-10T23:00:00Z', 'DAY'), [
    '2026-03-07T05:00:00.000Z', '2026-03-08T05:00:00.000Z', '2026-03-09T04:00:00.000Z', '2026-03-10T04:00:00.000Z',
  ])
  assert.ok(periods('2026-03-07T12:34:56Z', '2026-03-10T23:00:00Z', 'DAY').has(periodOf('2026-03-10T04:00:00Z')))
})

test('weeks begin on Monday, months on their first day', () => {
  assert.deepEqual(starts('2026-03-08T12:00:00Z', '2026-03-16T12:00:00Z', 'WEEK'), [
    '2026-03-02T05:00:00.000Z', '2026-03-09T04:00:00.000Z', '2026-03-16T04:00:00.000Z',
  ])
  assert.deepEqual(starts('2026-01-31T12:00:00Z', '2026-03-01T12:00:00Z', 'MONTH'), [
    '2026-01-01T05:00:00.000Z', '2026-02-01T05:00:00.000Z', '2026-03-01T05:00:00.000Z',
  ])
})

test('one period alone has the one before it, so that there is an axis', () => {
  assert.deepEqual(starts('2026-05-05T12:00:00Z', '2026-05-05T13:00:00Z', 'YEAR'), [
    '2025-01-01T05:00:00.000Z', '2026-01-01T05:00:00.000Z',
  ])
})
