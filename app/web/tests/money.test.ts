/** Amounts are added exactly, where floating point would not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { added, dollars } from '../src/dashboard/money.ts'

test('no digit is lost', () => {
  assert.equal(added(['0.1', '0.2']), '0.3')
  assert.equal(added(['999999999999999.000000000000000001', '0.000000000000000009']), '999999999999999.00000000000000001')
  assert.equal(added(Array.from({ length: 1_000 }, () => '0.00018')), '0.18')
})

test('whole amounts, nothing, and carried digits', () => {
  assert.equal(added([]), '0')
  assert.equal(added(['0', '0.00']), '0')
  assert.equal(added(['9.99', '0.01', '90']), '100')
  assert.equal(dollars('0.000180'), '$0.00018')
})
