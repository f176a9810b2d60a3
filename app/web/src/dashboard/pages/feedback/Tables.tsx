import type { ReactNode } from 'react'

import type { CalendarUnit, FeedbackSumsFragment, MessageGroup } from '../../api/generated'
import { count, seconds } from '../../format'
import { dollars } from '../../money'
import { type Bucket, type Group, nameOf } from './groups'

/** Rows; a page of more is slow, and the API has them all. */
const MOST = 500

const HEADINGS = ['Messages', 'Positive', 'Neutral', 'Negative', 'Not rated', 'Tokens in', 'Tokens out', 'Cost']

interface TableProps {
  label: string
  first: readonly string[]
  children: ReactNode
}

/** Numbers of messages; wider than a phone, so it scrolls in its own place. */
function Table({ label, first, children }: TableProps) {
  return (
    <div className="feedback-table" tabIndex={0} role="region" aria-label={`${label}: values`}>
      <table aria-label={label}>
        <thead>
          <tr>
            {first.map((heading) => (
              <th key={heading} scope="col">
                {heading}
              </th>
            ))}
            {HEADINGS.map((heading) => (
              <th key={heading} scope="col" className="number">
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

function Numbers({ messageCount, sums }: { messageCount: number; sums: FeedbackSumsFragment }) {
  const { positive, neutral, negative, unrated, inputTokens, outputTokens, costUsd } = sums
  return (
    <>
      {[messageCount, positive, neutral, negative, unrated, inputTokens, outputTokens].map((value, index) => (
        <td key={HEADINGS[index]} className="number">
          {count(value)}
        </td>
      ))}
      <td className="number">{dollars(costUsd)}</td>
    </>
  )
}

const WORDS: Record<MessageGroup, string> = { USER: 'User', AGENT: 'Agent', DOMAIN: 'Domain' }

/** The sums of each group over the whole range. */
export function GroupTable({ by, groups }: { by: MessageGroup; groups: readonly Group[] }) {
  return (
    <>
      <Table label={`Messages by ${by.toLowerCase()}`} first={[WORDS[by]]}>
        {groups.slice(0, MOST).map(({ name, messageCount, sums }, index) => (
          <tr key={index}>
            <th scope="row">{name}</th>
            <Numbers messageCount={messageCount} sums={sums} />
          </tr>
        ))}
      </Table>
      <LeftOut total={groups.length} />
    </>
  )
}

const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const MONTH = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric' })

interface BucketTableProps {
  by: MessageGroup | ''
  unit: CalendarUnit
  buckets: readonly Bucket[]
}

/** The sums of each period, and of each group in it. */
export function BucketTable({ by, unit, buckets }: BucketTableProps) {
  const format = unit === 'MONTH' ? MONTH : DATE
  const newest = buckets.toSorted((a, b) => seconds(b.bucket) - seconds(a.bucket)).slice(0, MOST)
  return (
    <>
      <Table label="Messages over time" first={[unit === 'WEEK' ? 'Week of' : 'Time', ...(by ? [WORDS[by]] : [])]}>
        {newest.map((bucket, index) => (
          <tr key={index}>
            <th scope="row">
              <time dateTime={bucket.bucket}>{format.format(new Date(bucket.bucket))}</time>
            </th>
            {by && <td>{nameOf(bucket, by)}</td>}
            <Numbers messageCount={bucket.messageCount} sums={bucket.feedback} />
          </tr>
        ))}
      </Table>
      <LeftOut total={buckets.length} />
    </>
  )
}

const LeftOut = ({ total }: { total: number }) =>
  total > MOST && (
    <p className="small faint">
      The first {count(MOST)} of {count(total)}; the query messageBuckets has them all.
    </p>
  )
