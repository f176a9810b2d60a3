import { Empty } from '../components/State'
import { useTitle } from '../title'

export default function People() {
  useTitle('People')
  return <Empty title="Not built yet" />
}
