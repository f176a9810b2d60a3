import './Account.css'

import { AccountDocument } from '../api/generated'
import { useReading } from '../api/reading'
import { Failure, Loading } from '../components/State'
import { useTitle } from '../title'
import { Keys } from './account/Keys'
import { NewKey } from './account/NewKey'
import { Sessions } from './account/Sessions'
import { ROLES } from './people/roles'

/** One's sessions and API keys; of administrators, everyone's keys. */
export default function Account() {
  useTitle('My account')
  const { data, error, read } = useReading({ query: AccountDocument })
  if (error && !data?.apiKeys) return <Failure error={error} retry={read} />
  if (!data?.apiKeys) return <Loading what="your account" />
  const { viewer, sessions, apiKeys } = data
  const isAdministrator = viewer === null || viewer.role === 'ADMIN'
  return (
    <>
      <header className="account-header">
        <h1>My account</h1>
        <p className="faint small">
          {viewer
            ? `${viewer.name} · ${viewer.username} · ${ROLES[viewer.role]}`
            : 'This server asks nobody who they are: whoever reaches it is an administrator.'}
        </p>
      </header>
      <div className="account">
        {viewer && <Sessions sessions={sessions ?? []} changed={read} />}
        <Keys keys={apiKeys} areEveryones={isAdministrator} changed={read} />
        {isAdministrator && <NewKey made={read} />}
      </div>
    </>
  )
}
