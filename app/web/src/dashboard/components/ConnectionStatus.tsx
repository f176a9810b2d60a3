import './ConnectionStatus.css'

import { type Connection, useConnection } from '../api/connection'

const WORDS: Record<Exclude<Connection, 'idle'>, string> = {
  connecting: 'Connecting …',
  live: 'Live',
  reconnecting: 'Reconnecting …',
}

/** Whether what is seen is live; nothing where the page has nothing that could be. */
export function ConnectionStatus() {
  const connection = useConnection()
  return (
    <p className="connection" role="status" data-state={connection}>
      {connection !== 'idle' && WORDS[connection]}
    </p>
  )
}
