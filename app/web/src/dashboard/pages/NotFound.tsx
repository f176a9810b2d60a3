import { Empty } from '../components/State'
import { Link } from '../router'
import { useTitle } from '../title'

export function NotFound() {
  useTitle('Not found')
  return (
    <Empty title="There is no such page">
      <Link href="/">To the conversations</Link>
    </Empty>
  )
}
