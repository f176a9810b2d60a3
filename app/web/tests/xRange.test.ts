/** An axis of time shows what was asked for, and is never narrower than a few windows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { xRange } from '../src/dashboard/charts/xRange.ts'

const HOUR = 3_600

test('a window alone has a few hours around it, and stands in the middle', () => {
  const [start, end] = xRange([10 * HOUR], HOUR)
  assert.equal((start + end) / 2, 10 * HOUR)
  assert.equal(end - start, 6 * HOUR)
})

test('many windows fill the axis', () => {
  assert.deepEqual(xRange([0, 48 * HOUR], HOUR), [0, 48 * HOUR])
})

test('what was asked for is shown, whether or not there are values', () => {
  assert.deepEqual(xRange([10 * HOUR], HOUR, [0, 24 * HOUR]), [0, 24 * HOUR])
  assert.deepEqual(xRange([], HOUR, [0, 24 * HOUR]), [0, 24 * HOUR])
})

test('a forecast beyond what was asked for is shown too', () => {
  assert.deepEqual(xRange([HOUR, 30 * HOUR], HOUR, [0, 24 * HOUR]), [0, 30 * HOUR])
})

test('nothing at all is an axis as well', () => {
  assert.deepEqual(xRange([], HOUR), [-3 * HOUR, 3 * HOUR])
})
