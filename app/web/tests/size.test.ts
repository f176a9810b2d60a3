/** What a browser loads before the first view is shown. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'

const MOST = 200_000
const dist = join(import.meta.dirname, '../dist')

test('the scripts of the first view are under 200 kB, gzipped', () => {
  const page = readFileSync(join(dist, 'index.html'), 'utf8')
  const scripts = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, path = '']) => path)
  assert.ok(scripts.length > 0)
  const sizes = scripts.map((path) => gzipSync(readFileSync(join(dist, path))).length)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  assert.ok(total < MOST, `${total} bytes: ${scripts.join(', ')}`)
})
