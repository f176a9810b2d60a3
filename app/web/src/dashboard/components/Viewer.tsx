import './Viewer.css'

import { ViewerDocument } from '../api/generated'
import { useReading } from '../api/reading'
import { useHasEnded } from '../api/session'
import { Link, usePath } from '../router'
import { SignOut } from './SignOut'

/** Who is signed in, and the way to their account. */
export function Viewer() {
  return useHasEnded() ? null : <SignedIn />
}

function SignedIn() {
  const { data } = useReading({ query: ViewerDocument })
  const [section] = usePath()
  if (!data) return null
  const { viewer } = data
  return (
    <div className="viewer">
      <Link
        href="/account"
        aria-current={section === 'account' ? 'page' : undefined}
        title={viewer ? 'My account' : 'Whoever reaches this server is an administrator'}
      >
        {viewer ? viewer.name : 'Local'}
      </Link>
      {viewer && <SignOut />}
    </div>
  )
}
