import './Messages.css'

import { useCallback, useEffect, useRef, useState } from 'react'
import type { CombinedError } from 'urql'

import { Panel } from '../../components/Panel'
import { Failure, Loading, NotLive, whyNot } from '../../components/State'
import { Ask } from './messages/Ask'
import { elementId, Message } from './messages/Message'
import { ROLES } from './messages/roles'
import { useCoach } from './messages/useCoach'
import { useMessages } from './messages/useMessages'
import { useScroll } from './messages/useScroll'

/** What was said in a conversation, newest at the bottom, and a box to ask the coach about it. */
export function Messages({ conversationId }: { conversationId: string }) {
  const { messages, hasOlder, mayWrite, error, fault, read, readOlder, put } = useMessages(conversationId)
  const [question, setQuestion] = useState('')
  const coach = useCoach(conversationId, {
    answered: (message) => {
      put(message)
      read()
    },
    refused: (refused) => setQuestion((typed) => typed || refused),
  })
  const [older, setOlder] = useState<{ error?: CombinedError | undefined; isReading: boolean }>({ isReading: false })
  const scroll = useScroll(messages, coach.written)

  const more = async (wanted?: string) => {
    setOlder({ isReading: true })
    setOlder({ error: await readOlder(wanted), isReading: false })
  }
  const goTo = useReveal(messages, more)

  return (
    <Panel title="Messages" className="messages">
      {fault && !error && <NotLive error={fault} />}
      {error && <Failure error={error} retry={read} />}
      {!messages && !error && <Loading what="messages" />}
      {messages && (
        <div
          ref={scroll.place}
          className="messages-list"
          role="region"
          aria-label="Messages, newest at the bottom"
          aria-busy={older.isReading}
          tabIndex={0}
          onScroll={scroll.moved}
        >
          {hasOlder && (
            <button type="button" disabled={older.isReading} onClick={() => more()}>
              Earlier messages
            </button>
          )}
          {older.error && <p role="alert">{whyNot(older.error)}</p>}
          {messages.length === 0 && coach.written === null && (
            <p className="small faint">None yet. What is asked below and answered stands here.</p>
          )}
          <ol>
            {messages.map((message) => (
              <Message
                key={message.id}
                message={message}
                conversationId={conversationId}
                mayRate={mayWrite}
                put={put}
                goTo={goTo}
              />
            ))}
          </ol>
          <div aria-live="polite" aria-label="The coach’s answer" role="status">
            {coach.written !== null && (
              <div className="message" data-role="ASSISTANT">
                <p className="message-header">
                  <strong>{ROLES.ASSISTANT}</strong> <span className="faint">writing …</span>
                </p>
                <p className="message-text">{coach.written}</p>
              </div>
            )}
          </div>
        </div>
      )}
      {coach.fault && (
        <p className="messages-fault" role="alert">
          {coach.fault}
        </p>
      )}
      {messages && mayWrite && (
        <Ask
          isAsking={coach.written !== null}
          question={question}
          write={setQuestion}
          ask={(asked) => {
            setQuestion('')
            coach.ask(asked)
          }}
          stop={coach.stop}
        />
      )}
      {messages && !mayWrite && (
        <p className="messages-fault">
          The coach is asked, and answers are rated, by whose conversation it is and by administrators.
        </p>
      )}
    </Panel>
  )
}

/** Scrolls to a message, which is read first where it lies further back. */
function useReveal(messages: readonly { id: string }[] | undefined, more: (wanted: string) => Promise<void>) {
  const [wanted, setWanted] = useState<string>()
  const latest = useRef(more)
  latest.current = more
  useEffect(() => {
    if (wanted === undefined) return
    const element = document.getElementById(elementId(wanted))
    if (element === null) return
    setWanted(undefined)
    element.scrollIntoView({ block: 'center' })
    element.focus({ preventScroll: true })
  }, [wanted, messages])
  return useCallback((message: string) => {
    setWanted(message)
    if (document.getElementById(elementId(message)) === null) void latest.current(message)
  }, [])
}
