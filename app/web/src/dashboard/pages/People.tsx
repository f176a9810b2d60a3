import { usePath } from '../router'
import { Agent } from './people/Agent'
import { Agents } from './people/Agents'
import { NotFound } from './NotFound'
import { Person } from './people/Person'
import { Users } from './people/Users'

/** Who speaks: users and agents, and each of them. */
export default function People() {
  const [, kind = 'users', key, ...rest] = usePath()
  if (rest.length > 0) return <NotFound />
  if (kind === 'users') return key === undefined ? <Users /> : <Person key={key} userId={key} />
  if (kind === 'agents') return key === undefined ? <Agents /> : <Agent key={key} agentId={key} />
  return <NotFound />
}
