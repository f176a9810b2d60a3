import { useCallback, useEffect, useRef, useState } from 'react'
import { useClient } from 'urql'

import { connection } from '../../../api/connection'
import { CoachAnswerDocument, type MessageFactsFragment } from '../../../api/generated'
import { whyNot } from '../../../components/State'

interface Asking {
  /** What has come of the answer; null where none is coming. */
  written: string | null
  /** Why there is none. */
  fault: string | null
}

const QUIET: Asking = { written: null, fault: null }

interface CoachCalls {
  /** With the answer, once it is stored. */
  answered: (message: MessageFactsFragment) => void
  /** With the question that has no answer. */
  refused: (question: string) => void
}

/** Puts questions to the coach, one at a time; to leave the page is to stop. */
export function useCoach(conversationId: string, { answered, refused }: CoachCalls) {
  const client = useClient()
  const [asking, setAsking] = useState(QUIET)
  const end = useRef<() => void>(undefined)
  useEffect(() => () => end.current?.(), [])

  const ask = (question: string) => {
    const finish = (next: Asking) => {
      end.current?.()
      setAsking(next)
    }
    const fail = (fault: string) => {
      finish({ written: null, fault })
      refused(question)
    }
    setAsking({ written: '', fault: null })
    const answer = client.subscription(CoachAnswerDocument, { conversationId, question }).subscribe(({ data, error }) => {
      if (error) return fail(whyNot(error))
      if (!data) return
      const { text, message } = data.coachAnswer
      if (message) {
        finish(QUIET)
        answered(message)
      } else {
        setAsking((before) => ({ written: (before.written ?? '') + text, fault: null }))
      }
    })
    // A connection that comes back sends its subscriptions again, and this one would ask a second time.
    const release = connection.subscribe(() => {
      if (connection.state === 'reconnecting') fail('The connection was lost while the answer came.')
    })
    end.current = () => {
      end.current = undefined
      release()
      answer.unsubscribe()
    }
  }
  const stop = useCallback(() => {
    end.current?.()
    setAsking({ written: null, fault: 'Stopped: the answer is not stored.' })
  }, [])
  return { ...asking, ask, stop }
}
