import { useState } from 'react'

import { signOut } from '../api/session'

/** Ends the session of this browser. */
export function SignOut() {
  const [hasFailed, setFailed] = useState(false)
  return (
    <>
      <button type="button" onClick={() => signOut().catch(() => setFailed(true))}>
        Sign out
      </button>
      <span className="small" role="status">
        {hasFailed && 'The server does not answer; you are still signed in.'}
      </span>
    </>
  )
}
