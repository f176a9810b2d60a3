import { useQuery } from 'urql'

import { type AccountQuery, OwnersDocument, RevokeApiKeyDocument } from '../../api/generated'
import { Panel } from '../../components/Panel'
import { Empty } from '../../components/State'
import { Ago, Time } from '../../components/Time'
import { counted, NONE } from '../../format'
import { Revoke } from './Revoke'
import { SCOPES } from './scopes'

export type Key = NonNullable<AccountQuery['apiKeys']>[number]

interface KeysProps {
  keys: readonly Key[]
  areEveryones: boolean
  changed: () => void
}

/** Those that count, and behind a fold those that no longer do. */
export function Keys({ keys, areEveryones, changed }: KeysProps) {
  const ended = keys.filter(hasEnded)
  const current = keys.filter((key) => !hasEnded(key))
  const names = useOwners(areEveryones ? keys : [])
  const table = (title: string, rows: readonly Key[]) => (
    <KeyTable title={title} keys={rows} names={areEveryones ? names : undefined} changed={changed} />
  )
  return (
    <Panel
      title={areEveryones ? 'Everyone’s API keys' : 'API keys'}
      about="With them, programs are let in. Of a key its first letters are shown: the rest was told when it was made."
    >
      {current.length === 0 && (
        <Empty title="No API keys">{!areEveryones && <p>An administrator can make one for you.</p>}</Empty>
      )}
      {current.length > 0 && table('API keys', current)}
      {ended.length > 0 && (
        <details>
          <summary>{counted(ended.length, 'key')} revoked or expired</summary>
          {table('API keys that have ended', ended)}
        </details>
      )}
    </Panel>
  )
}

const hasEnded = ({ revokedAt, expiresAt }: Key) =>
  revokedAt !== null || (expiresAt !== null && Date.parse(expiresAt) < Date.now())

/** Their usernames, by id. */
function useOwners(keys: readonly Key[]): Map<string, string> {
  const ids = [...new Set(keys.flatMap(({ userId }) => userId ?? []))].sort()
  const [{ data }] = useQuery({ query: OwnersDocument, variables: { ids }, pause: ids.length === 0 })
  return new Map(data?.nodes.flatMap((node) => (node && 'username' in node ? [[node.id, node.username]] : [])))
}

interface KeyTableProps {
  title: string
  keys: readonly Key[]
  names: Map<string, string> | undefined
  changed: () => void
}

function KeyTable({ title, keys, names, changed }: KeyTableProps) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={`${title}, newest first`}>
      <table>
        <caption className="hidden">{title}</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            {names && <th scope="col">User</th>}
            <th scope="col">May</th>
            <th scope="col">Last used</th>
            <th scope="col">Expires</th>
            <th scope="col">
              <span className="hidden">End</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id}>
              <th scope="row">
                {key.name}
                <code>{key.prefix}…</code>
              </th>
              {names && <td>{key.userId === null ? 'a machine’s' : (names.get(key.userId) ?? NONE)}</td>}
              <td>{key.scopes.map((scope) => SCOPES[scope].name).join(', ')}</td>
              <td>{key.lastUsedAt === null ? 'never' : <Ago at={key.lastUsedAt} />}</td>
              <td>{key.expiresAt === null ? 'never' : <Time at={key.expiresAt} />}</td>
              <td>
                {key.revokedAt !== null && (
                  <>
                    revoked <Ago at={key.revokedAt} />
                  </>
                )}
                {!hasEnded(key) && (
                  <Revoke
                    document={RevokeApiKeyDocument}
                    id={key.id}
                    what={`the key ${key.name}`}
                    revoked={changed}
                  />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
