import './Verify.css'

import { useMemo } from 'react'

import { Empty, Failure, Loading } from '../components/State'
import { useTitle } from '../title'
import { CoherencePanel } from './conversation/CoherencePanel'
import { useAsked } from './verify/asked'
import { Form } from './verify/Form'
import { MeanPanel } from './verify/MeanPanel'
import { measured } from './verify/measured'
import { OriginPanel } from './verify/OriginPanel'
import { RecentPanel } from './verify/RecentPanel'
import { RiskPanel } from './verify/RiskPanel'
import { Tools } from './verify/Tools'
import { useVerification } from './verify/useVerification'

/** The numbers of any window, range and sources, with all it takes to check them elsewhere. */
export default function Verify() {
  useTitle('Verify')
  const { asked, refresh } = useAsked()
  const { reading, answer, error, isReading, read } = useVerification(asked)
  const windows = useMemo(() => (reading ? measured(reading.coherence) : []), [reading])
  return (
    <>
      <header className="verify-header">
        <h1>Verify</h1>
        {answer && <Tools answer={answer} />}
      </header>
      <Form asked={asked} refresh={refresh} />
      {error && <Failure error={error} retry={read} />}
      {reading === undefined && !error && <Loading what="the numbers" />}
      {reading === null && <Empty title={`There is no conversation “${asked.contextWindowId}”`} />}
      {reading && answer && !error && (
        <div className="verify" aria-busy={isReading}>
          <MeanPanel window={asked.window} windows={windows} />
          <div className="verify-figures">
            <RiskPanel window={asked.window} metrics={reading.metrics} />
            <CoherencePanel reading={reading.coherence} />
          </div>
          <RecentPanel windows={windows} />
          <OriginPanel answer={answer} reading={reading} />
        </div>
      )}
    </>
  )
}
