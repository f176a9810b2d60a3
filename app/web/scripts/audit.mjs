// Audits a running server against the GraphQL-over-HTTP specification:
//   node scripts/audit.mjs http://localhost:8000/graphql
import { serverAudits } from 'graphql-http'

const url = process.argv[2]
if (!url) {
  console.error('usage: node scripts/audit.mjs <url>')
  process.exit(2)
}

const count = { ok: 0, notice: 0, warn: 0, error: 0 }
for (const { id, name, fn } of serverAudits({ url })) {
  // An audit that cannot be carried out at all (no connection, no JSON) throws.
  const { status, reason } = await fn().catch((error) => ({ status: 'error', reason: String(error) }))
  count[status] += 1
  if (status !== 'ok') console.log(`${id} ${name}: ${status}: ${reason}`)
}

const total = count.ok + count.notice + count.warn + count.error
// A notice is the failure of an audit that the specification leaves optional.
const notices = count.notice ? `, ${count.notice} notice` : ''
console.log(`${total} audits: ${count.ok} ok, ${count.warn} warn, ${count.error} error${notices}`)
process.exitCode = count.ok === total ? 0 : 1
