import './Lists.css'

import { type UsersQuery, UsersDocument } from '../../api/generated'
import { pageArguments } from '../../api/page'
import { useReading } from '../../api/reading'
import { Pager } from '../../components/Pager'
import { Panel } from '../../components/Panel'
import { Empty, Failure, Loading } from '../../components/State'
import { count, counted } from '../../format'
import { Link, pathOf, useQueryState } from '../../router'
import { useSettled } from '../../timing'
import { useTitle } from '../../title'
import { ClassHeadings, ClassShares } from './ClassColumns'
import { HeardLately } from './HeardLately'
import { ROLES } from './roles'
import { Sections } from './Sections'

const PAGE_SIZE = 25
const PATIENCE_MS = 200

/** All users, a page at a time, with what their conversations sound like. */
export function Users() {
  useTitle('Users')
  const [params, change] = useQueryState()
  const search = params.get('search') ?? ''
  const { data, error, isReading, read } = useReading({
    query: UsersDocument,
    variables: { ...pageArguments(params, PAGE_SIZE), filter: { search: useSettled(search, PATIENCE_MS) || null } },
  })
  const users = data?.users
  return (
    <>
      <Sections current="users" />
      <div className="people">
        <Panel
          title="Users"
          about="Who has an account, and how the signals of all their conversations are classified."
          tools={
            <search>
              <input
                type="search"
                aria-label="Search name"
                placeholder="Search name"
                value={search}
                onChange={(event) =>
                  change({ search: event.target.value, after: null, before: null }, { replace: true })
                }
              />
            </search>
          }
        >
          <p className="hidden" role="status">
            {users && counted(users.totalCount, 'user')}
          </p>
          {error && <Failure error={error} retry={read} />}
          {!users && !error && <Loading what="users" />}
          {users?.edges.length === 0 && <NoUsers search={search} />}
          {users && users.edges.length > 0 && (
            <div aria-busy={isReading}>
              <UserTable users={users.edges.map(({ node }) => node)} />
              <Pager page={users.pageInfo} turn={change} />
            </div>
          )}
        </Panel>
        <HeardLately />
      </div>
    </>
  )
}

function NoUsers({ search }: { search: string }) {
  return search ? (
    <Empty title={`No user’s name holds “${search}”`} />
  ) : (
    <Empty title="No users yet">
      <p>
        The mutation <code>createUser</code> makes one. Signals do not need them: whoever speaks is listed beside.
      </p>
    </Empty>
  )
}

type User = NonNullable<UsersQuery['users']>['edges'][number]['node']

function UserTable({ users }: { users: readonly User[] }) {
  return (
    <table className="people-table">
      <caption className="hidden">Users</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col" className="number">
            Signals
          </th>
          <ClassHeadings />
        </tr>
      </thead>
      <tbody>
        {users.map((user) => (
          <tr key={user.id}>
            <th scope="row">
              <Link href={pathOf('people', 'users', user.username)}>{user.name}</Link>
              <span>
                {user.username} · {ROLES[user.role]}
                {!user.isActive && ' · not active'}
              </span>
            </th>
            <td className="number">{count(user.signalSummary.totalCount)}</td>
            <ClassShares summary={user.signalSummary} />
          </tr>
        ))}
      </tbody>
    </table>
  )
}
