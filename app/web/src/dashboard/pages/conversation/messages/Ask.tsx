import { type KeyboardEvent, useId } from 'react'

interface AskProps {
  isAsking: boolean
  question: string
  write: (question: string) => void
  ask: (question: string) => void
  stop: () => void
}

/** A box to ask the coach: Enter sends, Shift and Enter break the line. */
export function Ask({ isAsking, question, write, ask, stop }: AskProps) {
  const hint = useId()
  const send = () => {
    if (!isAsking && question.trim()) ask(question)
  }
  const press = (event: KeyboardEvent) => {
    // Enter also chooses what an input method offers.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }
  return (
    <form
      className="ask"
      onSubmit={(event) => {
        event.preventDefault()
        if (isAsking) stop()
        else send()
      }}
    >
      <label>
        <span className="small">Ask the coach</span>
        <textarea
          rows={2}
          value={question}
          aria-describedby={hint}
          placeholder="About this conversation"
          onChange={(event) => write(event.target.value)}
          onKeyDown={press}
        />
      </label>
      <div className="ask-tools">
        <p id={hint} className="small faint">
          Enter sends, Shift + Enter breaks the line. Question and answer are stored.
        </p>
        <button type="submit" disabled={!isAsking && !question.trim()}>
          {isAsking ? 'Stop' : 'Ask'}
        </button>
      </div>
    </form>
  )
}
