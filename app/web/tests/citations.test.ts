/** Places are code points on the server, and UTF-16 here: texts with emoji tell whether they are taken for one another. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { around, pieces } from '../src/dashboard/pages/conversation/messages/citations.ts'

const CITED = { number: 1, at: 9, type: 'Message', id: 'm', start: 2, end: 7, quote: 'Lunch' } as const

test('a text is cut where its marks stand', () => {
  const [before, mark, after] = pieces('👍 Noon. 🍲[1].', [CITED])
  assert.deepEqual([before?.text, mark?.text, after?.text], ['👍 Noon. 🍲', '[1]', '.'])
  assert.equal(mark?.citation, CITED)
  assert.deepEqual(pieces('', []), [])
})

test('what is no citation, or not where it says, stays text', () => {
  const text = '👍 Noon. 🍲[1].'
  const wrong = [null, 'a', 7, {}, { ...CITED, at: 10 }, { ...CITED, at: -1 }, { ...CITED, id: 3 }, { ...CITED, type: 'User' }]
  assert.deepEqual(pieces(text, wrong), [{ text }])
  assert.deepEqual(pieces(text, { at: 9 }), [{ text }])
  assert.equal(pieces(text, [CITED, { ...CITED }]).length, 3, 'one mark stands for one source')
})

test('a quote is found in its source, unless that is another text by now', () => {
  assert.deepEqual(around('🍲 Lunch is at noon 🕛', CITED, 100), { before: '🍲 ', after: ' is at noon 🕛' })
  assert.deepEqual(around('🍲 Lunch is at noon', CITED, 1), { before: '… ', after: ' …' })
  assert.equal(around('🍲🍲 Lunch', CITED, 100), null)
})
