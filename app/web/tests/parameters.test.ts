/** An address that says what cannot be is read as the standard: no link is a dead end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { instantOf, isConversationId, optionOf, windowOf } from '../src/dashboard/parameters.ts'

const UNITS = [{ value: 'DAY' }, { value: 'WEEK' }, { value: '' }]

test('an option is found in whatever case', () => {
  assert.equal(optionOf('week', UNITS, 'DAY'), 'WEEK')
  assert.equal(optionOf('WEEK', UNITS, 'DAY'), 'WEEK')
})

test('what is no option is the standard', () => {
  for (const given of ['banana', 'DAYS', null]) assert.equal(optionOf(given, UNITS, 'DAY'), 'DAY')
})

test('windows are those that the server takes', () => {
  for (const given of ['30s', '5m', '1h30m', '7d', '366d', '90 minutes', '1 day', 'PT5M', 'P1DT2H']) assert.equal(windowOf(given, '1h'), given)
  for (const given of ['banana', '', '0s', '367d', '5', '5 parsecs', '-5m', '9999999999h', null]) {
    assert.equal(windowOf(given, '1h'), '1h')
  }
})

test('an instant has an offset and is in the calendar', () => {
  assert.equal(instantOf('2026-01-31T12:00:00Z'), '2026-01-31T12:00:00Z')
  assert.equal(instantOf('2026-01-31T12:00:00+01:00'), '2026-01-31T12:00:00+01:00')
  for (const given of ['yesterday', '2026-01-31', '2026-13-31T12:00:00Z', '2026-01-31T12:00:00', null]) {
    assert.equal(instantOf(given), null)
  }
})

test('an id of a conversation is told from a contextWindowId', () => {
  assert.ok(isConversationId(btoa('Conversation:d957b5f1-0645-425d-922b-5e6b9e104b3d')))
  for (const given of ['demo-steady-1', 'irc:#stripe:0', 'früh', btoa('User:d957b5f1-0645-425d-922b-5e6b9e104b3d'), '']) {
    assert.ok(!isConversationId(given))
  }
})
