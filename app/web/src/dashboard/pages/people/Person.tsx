import './One.css'

import { type PersonQuery, PersonDocument } from '../../api/generated'
import { useReading } from '../../api/reading'
import { Panel } from '../../components/Panel'
import { Empty, Failure, Loading } from '../../components/State'
import { Ago, Time } from '../../components/Time'
import { count, counted } from '../../format'
import { useTitle } from '../../title'
import { Anomalies } from './Anomalies'
import { Back } from './Back'
import { Entries } from './Entries'
import { Frequency } from './Frequency'
import { ROLES } from './roles'
import { TheirConversations } from './TheirConversations'

/** Whoever speaks by a key; where a user has it as the username, that user. */
export function Person({ userId }: { userId: string }) {
  useTitle(userId)
  const { data, error, read } = useReading({ query: PersonDocument, variables: { userId } })
  if (error) return <Failure error={error} retry={read} />
  const anomalies = data?.user?.anomalies ?? data?.anomalies
  if (!data?.signalSummary || !anomalies) return <Loading what="the person" />
  const { user, signalSummary: said } = data
  return (
    <>
      <header className="one-header">
        <Back to="users" />
        <h1>{user?.name ?? userId}</h1>
        <p className="faint small">{user ? <Account userId={userId} user={user} /> : 'No user has this username.'}</p>
      </header>
      <div className="one">
        <div className="one-side">
          <Panel title="What they say" about={`${counted(said.totalCount, 'signal')} whose userId is ${userId}.`}>
            {said.totalCount === 0 ? (
              <Empty title="No signal has this key" />
            ) : (
              <Frequency label="Classes of what they say" summary={said} />
            )}
          </Panel>
          {user && (
            <Panel
              title="In their conversations"
              about={`${counted(user.signalSummary.totalCount, 'signal')}, whoever speaks.`}
            >
              <Frequency label="Classes in their conversations" summary={user.signalSummary} />
            </Panel>
          )}
          <Anomalies
            about={`${count(anomalies.totalCount)} in all${user ? ', in their conversations as well' : ''}; the newest first.`}
            anomalies={anomalies.edges.map(({ node }) => node).reverse()}
          />
        </div>
        <div className="one-main">
          {user && (
            <TheirConversations
              conversations={user.conversations.edges.map(({ node }) => node)}
              total={user.conversations.totalCount}
            />
          )}
          <Entries about="Everywhere, newest first." filter={{ userId }} />
        </div>
      </div>
    </>
  )
}

function Account({ userId, user }: { userId: string; user: NonNullable<PersonQuery['user']> }) {
  return (
    <>
      {userId} · {ROLES[user.role]}
      {!user.isActive && ' · not active'} · since <Time at={user.createdAt} /> ·{' '}
      {user.lastLoginAt === null ? (
        'never signed in'
      ) : (
        <>
          signed in <Ago at={user.lastLoginAt} />
        </>
      )}
    </>
  )
}
