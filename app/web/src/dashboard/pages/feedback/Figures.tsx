import type { FeedbackSumsFragment } from '../../api/generated'
import { count, percent } from '../../format'
import { dollars } from '../../money'

/** The sums of the whole range. */
export function Figures({ sums }: { sums: FeedbackSumsFragment }) {
  const rated = sums.positive + sums.neutral + sums.negative
  const figures = [
    { name: 'Cost', value: dollars(sums.costUsd), about: 'of all messages' },
    { name: 'Tokens in', value: count(sums.inputTokens), about: 'of all messages' },
    { name: 'Tokens out', value: count(sums.outputTokens), about: 'of all messages' },
    {
      name: 'Rated positive',
      value: percent(rated === 0 ? null : sums.positive / rated),
      about: `${count(sums.positive)} positive, ${count(sums.neutral)} neutral, ${count(sums.negative)} negative`,
    },
    { name: 'Not rated', value: count(sums.unrated), about: `of ${count(rated + sums.unrated)} answers` },
  ]
  return (
    <dl className="panel feedback-figures">
      {figures.map(({ name, value, about }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <strong>{value}</strong>
            <span>{about}</span>
          </dd>
        </div>
      ))}
    </dl>
  )
}
