/** Shares of the four classes as columns of a table, where there is room for them. */
import type { Classification, FrequencyFactsFragment } from '../../api/generated'
import { ClassMark } from '../../components/Mark'
import { percent } from '../../format'

const CLASSES: readonly Classification[] = ['POSITIVE', 'NEUTRAL', 'STRESSED', 'UNCERTAIN']

export function ClassHeadings() {
  return CLASSES.map((each) => (
    <th key={each} scope="col" className="number wide">
      <ClassMark classification={each} />
    </th>
  ))
}

export function ClassShares({ summary }: { summary: FrequencyFactsFragment }) {
  return summary.classifications.map(({ classification, count }) => (
    <td key={classification} className={count === 0 ? 'number wide faint' : 'number wide'}>
      {percent(summary.totalCount === 0 ? null : count / summary.totalCount)}
    </td>
  ))
}
