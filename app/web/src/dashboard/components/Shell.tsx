import './Shell.css'

import { type ReactNode, useEffect, useRef } from 'react'

import { Link, usePath } from '../router'
import { ConnectionLost, ConnectionStatus } from './ConnectionStatus'
import { ThemeChoice } from './ThemeChoice'
import { Viewer } from './Viewer'

const PLACES = [
  { href: '/', section: undefined, name: 'Conversations' },
  { href: '/people', section: 'people', name: 'People' },
  { href: '/search', section: 'search', name: 'Search' },
  { href: '/feedback', section: 'feedback', name: 'Feedback' },
  { href: '/verify', section: 'verify', name: 'Verify' },
]

/** What stands around every page. */
export function Shell({ children }: { children: ReactNode }) {
  const path = usePath()
  const section = path[0] === 'conversations' ? undefined : path[0]
  const main = useRef<HTMLElement>(null)
  const place = path.join('/')
  const shown = useRef(place)

  // A page that was followed to is read from its start, as one that was loaded is.
  useEffect(() => {
    if (shown.current === place) return
    shown.current = place
    main.current?.focus({ preventScroll: true })
  }, [place])

  return (
    <>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <header className="shell-header">
        <Link className="shell-name" href="/">
          Coherence
        </Link>
        <nav aria-label="Main">
          <ul>
            {PLACES.map(({ href, section: own, name }) => (
              <li key={href}>
                <Link href={href} aria-current={own === section ? 'page' : undefined}>
                  {name}
                </Link>
              </li>
            ))}
            <li>
              <a href="/graphql">GraphiQL</a>
            </li>
          </ul>
        </nav>
        <div className="shell-tools">
          <ConnectionStatus />
          <ThemeChoice />
          <Viewer />
        </div>
      </header>
      <ConnectionLost />
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
    </>
  )
}
