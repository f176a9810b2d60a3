import './SignIn.css'

import { useEffect, useRef, useState } from 'react'

import { Loading } from '../components/State'
import { useTitle } from '../title'

interface Provider {
  name: string
  label: string
  url: string
}

/** Stands where the page would; whoever has signed in comes back to that page. */
export default function SignIn() {
  useTitle('Sign in')
  const { providers, hasFailed, read } = useProviders()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <section className="sign-in" aria-labelledby="sign-in">
      <h1 id="sign-in" ref={heading} tabIndex={-1}>
        Sign in
      </h1>
      <p className="faint">You are not signed in, or no longer. You come back to this page.</p>
      {!providers && !hasFailed && <Loading what="providers" />}
      {hasFailed && (
        <div role="alert">
          <p>The server does not answer.</p>
          <button type="button" onClick={read}>
            Try again
          </button>
        </div>
      )}
      {providers?.length === 0 && (
        <p>This server knows no provider to sign in at: its administrator has to set one up.</p>
      )}
      <ul>
        {providers?.map(({ name, label, url }) => (
          <li key={name}>
            <a className="button" href={`${url}?${new URLSearchParams({ next: location.pathname + location.search })}`}>
              Sign in with {label}
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
}

function useProviders() {
  const [providers, setProviders] = useState<Provider[]>()
  const [hasFailed, setFailed] = useState(false)
  const read = () => {
    setFailed(false)
    fetch('/auth/providers')
      .then((response) => response.json() as Promise<Provider[]>)
      .then(setProviders, () => setFailed(true))
  }
  useEffect(read, [])
  return { providers, hasFailed, read }
}
