import type { FeedbackQuery, FeedbackSumsFragment, MessageGroup } from '../../api/generated'
import { added } from '../../money'

export type Bucket = NonNullable<FeedbackQuery['messageBuckets']>[number]

export interface Group {
  name: string
  /** In order of time. */
  buckets: readonly Bucket[]
  messageCount: number
  sums: FeedbackSumsFragment
}

/** What a bucket's messages were told apart by. */
export function nameOf({ user, agentId, domain }: Bucket, by: MessageGroup | ''): string {
  switch (by) {
    case 'USER':
      if (user === null) return 'Nobody’s'
      return user.name === null ? user.username : `${user.name} (${user.username})`
    case 'AGENT':
      return agentId ?? 'No agent'
    case 'DOMAIN':
      return domain ?? 'No domain'
    default:
      return 'All'
  }
}

const keyOf = ({ user, agentId, domain }: Bucket) => JSON.stringify([user?.id, agentId, domain])

/** The sums of each group over all buckets; who has most messages comes first. */
export function sumsByGroup(buckets: readonly Bucket[], by: MessageGroup | ''): Group[] {
  const found = new Map<string, Bucket[]>()
  for (const bucket of buckets) {
    const own = found.get(keyOf(bucket))
    if (own) own.push(bucket)
    else found.set(keyOf(bucket), [bucket])
  }
  return [...found.values()]
    .map((own) => ({
      name: own[0] ? nameOf(own[0], by) : '',
      buckets: own,
      messageCount: own.reduce((sum, { messageCount }) => sum + messageCount, 0),
      sums: own.map(({ feedback }) => feedback).reduce(together),
    }))
    .sort((a, b) => b.messageCount - a.messageCount)
}

const together = (a: FeedbackSumsFragment, b: FeedbackSumsFragment): FeedbackSumsFragment => ({
  positive: a.positive + b.positive,
  neutral: a.neutral + b.neutral,
  negative: a.negative + b.negative,
  unrated: a.unrated + b.unrated,
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  costUsd: added([a.costUsd, b.costUsd]),
})
