import { Link, pathOf } from '../../router'

export function Back({ to }: { to: 'users' | 'agents' }) {
  return (
    <Link className="small" href={pathOf('people', to)}>
      ← All {to}
    </Link>
  )
}
