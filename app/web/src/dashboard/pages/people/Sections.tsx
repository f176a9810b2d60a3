import './Sections.css'

import { Link, pathOf } from '../../router'

const SECTIONS = [
  { kind: 'users', name: 'Users' },
  { kind: 'agents', name: 'Agents' },
] as const

/** The two lists. */
export function Sections({ current }: { current: (typeof SECTIONS)[number]['kind'] }) {
  return (
    <header className="sections">
      <h1>People</h1>
      <nav aria-label="People">
        <ul>
          {SECTIONS.map(({ kind, name }) => (
            <li key={kind}>
              <Link href={pathOf('people', kind)} aria-current={kind === current ? 'page' : undefined}>
                {name}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
    </header>
  )
}
