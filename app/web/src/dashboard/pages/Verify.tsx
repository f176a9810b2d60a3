import { Empty } from '../components/State'
import { useTitle } from '../title'

export default function Verify() {
  useTitle('Verify')
  return <Empty title="Not built yet" />
}
