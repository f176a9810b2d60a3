/** How the WebSocket fares, for the mark in the header and for pages that must read again what they missed. */
import { useEffect, useRef, useSyncExternalStore } from 'react'

import type { ClientOptions } from 'graphql-ws'

/** `idle`: nothing on the page is live, so there is no connection. */
export type Connection = 'idle' | 'connecting' | 'live' | 'reconnecting'

const PATIENCE_MS = 5_000
/** The code that a connection is closed with. */
const REFUSED = 4403

interface Handlers {
  terminate: () => void
  refused: () => void
}

class Store {
  private socket: Connection = 'idle'
  private holders = new Set<symbol>()
  /** When it was last lost. */
  lostAt = new Date()
  /** Times that a lost connection was found again. */
  returns = 0
  private listeners = new Set<() => void>()

  subscribe = (listener: () => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Without a subscription nothing is live, and nothing connects again. */
  get state(): Connection {
    return this.holders.size === 0 ? 'idle' : this.socket
  }

  /** For as long as a subscription runs; gives what ends it. */
  hold(): () => void {
    const holder = Symbol()
    this.holders.add(holder)
    this.tell()
    return () => {
      if (this.holders.delete(holder)) this.tell()
    }
  }

  private tell() {
    for (const listener of this.listeners) listener()
  }

  private set(socket: Connection) {
    if (socket === 'live' && this.socket === 'reconnecting') this.returns += 1
    if (socket === 'reconnecting' && this.socket !== 'reconnecting') this.lostAt = new Date()
    this.socket = socket
    this.tell()
  }

  /**
   * What graphql-ws reports; `terminate` drops a connection whose server does not answer pings, `refused` is told of one
   * that the server has ended because of who is asking.
   */
  events({ terminate, refused }: Handlers): NonNullable<ClientOptions['on']> {
    let overdue: ReturnType<typeof setTimeout> | undefined
    return {
      connecting: (isRetry) => this.set(isRetry ? 'reconnecting' : 'connecting'),
      connected: () => this.set('live'),
      closed: (event) => {
        clearTimeout(overdue)
        const orderly = event instanceof CloseEvent && event.code === 1000
        this.set(orderly ? 'idle' : 'reconnecting')
        if (event instanceof CloseEvent && event.code === REFUSED) refused()
      },
      ping: (received) => {
        if (!received) overdue = setTimeout(terminate, PATIENCE_MS)
      },
      pong: (received) => {
        if (received) clearTimeout(overdue)
      },
    }
  }
}

export const connection = new Store()

export const useConnection = () => useSyncExternalStore(connection.subscribe, () => connection.state)

/** Calls `read` each time that the connection has come back: what happened meanwhile was not sent. */
export function useOnReturn(read: () => void) {
  const returns = useSyncExternalStore(connection.subscribe, () => connection.returns)
  const seen = useRef(returns)
  const latest = useRef(read)
  latest.current = read
  useEffect(() => {
    if (seen.current === returns) return
    seen.current = returns
    latest.current()
  }, [returns])
}
