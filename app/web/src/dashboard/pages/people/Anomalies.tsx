import type { AnomalyFactsFragment } from '../../api/generated'
import { AnomalyList } from '../../components/AnomalyList'
import { Panel } from '../../components/Panel'
import { Empty } from '../../components/State'

export function Anomalies({ about, anomalies }: { about: string; anomalies: readonly AnomalyFactsFragment[] }) {
  return (
    <Panel title="Anomalies" about={about}>
      {anomalies.length === 0 ? <Empty title="None found" /> : <AnomalyList anomalies={anomalies} isLinked />}
    </Panel>
  )
}
