import { useMutation } from 'urql'

import { type MessageFactsFragment, RateMessageDocument } from '../../../api/generated'
import { whyNot } from '../../../components/State'

const SCORES = [
  { score: 1, sign: '+1', name: 'positive' },
  { score: 0, sign: '0', name: 'neutral' },
  { score: -1, sign: '−1', name: 'negative' },
] as const

interface RatingProps {
  message: MessageFactsFragment
  mayRate: boolean
  put: (message: MessageFactsFragment) => void
}

/** What was thought of an answer, and for whoever may, how to say so. */
export function Rating({ message, mayRate, put }: RatingProps) {
  const [{ fetching, error }, rate] = useMutation(RateMessageDocument)
  const rated = SCORES.find(({ score }) => score === message.feedbackScore)
  if (!mayRate) return <p className="small faint">{rated ? `Rated ${rated.sign}, ${rated.name}` : 'Not rated'}</p>

  const choose = async (feedbackScore: number) => {
    if (fetching) return
    const { data } = await rate({ id: message.id, feedbackScore })
    if (data) put(data.rateMessage)
  }
  return (
    <div className="message-rating" role="group" aria-label="Rate this answer">
      {SCORES.map(({ score, sign, name }) => (
        <button
          key={score}
          type="button"
          aria-pressed={score === message.feedbackScore}
          aria-label={`${sign}, ${name}`}
          title={name}
          onClick={() => choose(score)}
        >
          {sign}
        </button>
      ))}
      {error && (
        <span className="small" role="alert">
          Not rated: {whyNot(error)}
        </span>
      )}
    </div>
  )
}
