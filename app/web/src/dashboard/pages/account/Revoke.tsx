import { useState } from 'react'
import { type TypedDocumentNode, useMutation } from 'urql'

import { reasonOf } from '../../components/State'

interface RevokeProps<Data> {
  document: TypedDocumentNode<Data, { id: string }>
  id: string
  /** What ends: `the key loader`. */
  what: string
  revoked: () => void
}

/** Asks once more before it does what cannot be undone; whoever goes elsewhere has thought better of it. */
export function Revoke<Data>({ document, id, what, revoked }: RevokeProps<Data>) {
  const [{ fetching, error }, revoke] = useMutation(document)
  const [isAsked, setAsked] = useState(false)
  const press = async () => {
    setAsked(!isAsked)
    if (isAsked && !(await revoke({ id })).error) revoked()
  }
  return (
    <>
      <button
        type="button"
        aria-label={isAsked ? `Yes, revoke ${what}` : `Revoke ${what}`}
        disabled={fetching}
        onClick={press}
        onBlur={() => setAsked(false)}
      >
        {isAsked ? 'Yes, revoke' : 'Revoke'}
      </button>
      <span className="hidden" role="status">
        {isAsked && `Press again to revoke ${what} for good.`}
      </span>
      {error && <p role="alert">{reasonOf(error)}</p>}
    </>
  )
}
