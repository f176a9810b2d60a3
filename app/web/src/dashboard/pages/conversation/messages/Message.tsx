import { memo, useMemo, useState } from 'react'

import type { MessageFactsFragment } from '../../../api/generated'
import { Time } from '../../../components/Time'
import { count } from '../../../format'
import { dollars } from '../../../money'
import { pieces } from './citations'
import { Rating } from './Rating'
import { ROLES } from './roles'
import { Source } from './Source'

/** Code points: texts may be a million of them long. */
const LONGEST_TEXT = 5_000

/** What a message's element is found by. */
export const elementId = (message: string) => `message-${message}`

interface MessageProps {
  message: MessageFactsFragment
  conversationId: string
  mayRate: boolean
  put: (message: MessageFactsFragment) => void
  goTo: (message: string) => void
}

/** One message: its text, never as anything but text, and what it cost and was thought of. */
export const Message = memo(function Message({ message, conversationId, mayRate, put, goTo }: MessageProps) {
  const { id, role, createdAt, domains } = message
  return (
    <li className="message" data-role={role} id={elementId(id)} tabIndex={-1}>
      <header className="message-header">
        <strong>{ROLES[role]}</strong>
        <span className="faint">
          <Time at={createdAt} />
        </span>
        {domains.map((domain) => (
          <span key={domain} className="tag">
            {domain}
          </span>
        ))}
      </header>
      <Content message={message} conversationId={conversationId} goTo={goTo} />
      {role === 'ASSISTANT' && (
        <footer className="message-footer">
          <Rating message={message} mayRate={mayRate} put={put} />
          <Spent message={message} />
        </footer>
      )}
    </li>
  )
})

function Content({ message, conversationId, goTo }: Pick<MessageProps, 'message' | 'conversationId' | 'goTo'>) {
  const { id, content, citations } = message
  const [isWhole, setWhole] = useState(false)
  // By its place: the message may be told again meanwhile.
  const [openedAt, setOpenedAt] = useState<number>()
  const isLong = useMemo(() => content.length > LONGEST_TEXT && [...content].length > LONGEST_TEXT, [content])
  const text = useMemo(
    () => pieces(isLong && !isWhole ? [...content].slice(0, LONGEST_TEXT).join('') : content, citations),
    [content, citations, isLong, isWhole],
  )
  const opened = text.find(({ citation }) => citation !== undefined && citation.at === openedAt)?.citation
  const source = `source-of-${id}`
  return (
    <>
      <p className="message-text">
        {text.map(({ text, citation }, index) =>
          citation ? (
            <button
              key={index}
              type="button"
              className="message-mark"
              aria-label={`${text}, source`}
              aria-expanded={opened === citation}
              aria-controls={opened === citation ? source : undefined}
              onClick={() => setOpenedAt(opened === citation ? undefined : citation.at)}
            >
              {text}
            </button>
          ) : (
            text
          ),
        )}
        {isLong && !isWhole && '…'}
      </p>
      {isLong && !isWhole && (
        <button type="button" onClick={() => setWhole(true)}>
          Show all of it
        </button>
      )}
      {opened && (
        <Source
          key={opened.at}
          id={source}
          citation={opened}
          conversationId={conversationId}
          goTo={goTo}
          close={() => setOpenedAt(undefined)}
        />
      )}
    </>
  )
}

function Spent({ message: { inputTokens, outputTokens, costUsd } }: { message: MessageFactsFragment }) {
  const spent = [
    inputTokens !== null && `${count(inputTokens)} tokens in`,
    outputTokens !== null && `${count(outputTokens)} out`,
    costUsd !== null && dollars(costUsd),
  ].filter(Boolean)
  return spent.length > 0 && <p className="small faint">{spent.join(' · ')}</p>
}
