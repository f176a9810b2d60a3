import { type AccountQuery, RevokeSessionDocument } from '../../api/generated'
import { Panel } from '../../components/Panel'
import { SignOut } from '../../components/SignOut'
import { Ago } from '../../components/Time'
import { counted, NONE } from '../../format'
import { browserOf } from './browser'
import { Revoke } from './Revoke'

type Session = NonNullable<AccountQuery['sessions']>[number]

/** Browsers in which one is signed in. */
export function Sessions({ sessions, changed }: { sessions: readonly Session[]; changed: () => void }) {
  return (
    <Panel title="Sessions" about={`Where you are signed in: ${counted(sessions.length, 'browser')}.`}>
      <div className="scroll" tabIndex={0} role="region" aria-label="Sessions, newest first">
        <table>
          <caption className="hidden">Sessions</caption>
          <thead>
            <tr>
              <th scope="col">Browser</th>
              <th scope="col">Last seen</th>
              <th scope="col" className="wide">
                Signed in
              </th>
              <th scope="col" className="wide">
                Address
              </th>
              <th scope="col">
                <span className="hidden">End</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {sessions.map((each) => (
              <tr key={each.id}>
                <th scope="row" title={each.userAgent ?? ''}>
                  {browserOf(each.userAgent)}
                  {each.current && <span className="tag">this one</span>}
                </th>
                <td>
                  <Ago at={each.lastSeenAt} />
                </td>
                <td className="wide">
                  <Ago at={each.createdAt} />, by {each.provider}
                </td>
                <td className="wide">{each.address ?? NONE}</td>
                <td>
                  {each.current ? (
                    <SignOut />
                  ) : (
                    <Revoke
                      document={RevokeSessionDocument}
                      id={each.id}
                      what={`the session in ${browserOf(each.userAgent)}`}
                      revoked={changed}
                    />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}
