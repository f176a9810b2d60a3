import { useTitle } from '../title'

export default function Conversation({ contextWindowId }: { contextWindowId: string }) {
  useTitle(contextWindowId)
  return <h1>{contextWindowId}</h1>
}
