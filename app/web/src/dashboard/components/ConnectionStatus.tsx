import './ConnectionStatus.css'

import { type Connection, connection as store, useConnection } from '../api/connection'
import { Time } from './Time'

const WORDS: Record<Exclude<Connection, 'idle'>, string> = {
  connecting: 'Connecting …',
  live: 'Live',
  reconnecting: 'Reconnecting …',
}

/** Says what to make of the page while the server is away. */
export function ConnectionLost() {
  const isLost = useConnection() === 'reconnecting'
  return (
    <div className="connection-lost" role="status">
      {isLost && (
        <p>
          The connection is lost. What you see is as of <Time at={store.lostAt.toISOString()} />, and follows again as
          soon as the server answers.
        </p>
      )}
    </div>
  )
}

/** Whether what is seen is live; nothing where the page has nothing that could be. */
export function ConnectionStatus() {
  const connection = useConnection()
  return (
    <p className="connection" data-state={connection}>
      {connection !== 'idle' && WORDS[connection]}
    </p>
  )
}
