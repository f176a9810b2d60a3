import { useMemo } from 'react'

import { type Area, type Series, TimeChart } from '../../charts/TimeChart'
import { Panel } from '../../components/Panel'
import { Empty } from '../../components/State'
import { counted, decimal, seconds } from '../../format'
import type { Measured } from './measured'

/** Up to so many windows, each has a point of its own. */
const SPARSE = 48

export function MeanPanel({ window, windows }: { window: string; windows: readonly Measured[] }) {
  const { times, series, areas } = useMemo(() => columns(windows), [windows])
  return (
    <Panel
      title={`Mean score, windows of ${window}`}
      about="With a band of one volatility (the standard deviation of a window’s scores) to either side. A window is drawn at its start; those without signals are left out."
    >
      {windows.length === 0 ? (
        <Empty title="No signals in this range">
          <p>Another range, or other sources, may have some.</p>
        </Empty>
      ) : (
        <TimeChart
          label="Mean score over time"
          summary={summary(windows)}
          times={times}
          series={series}
          areas={areas}
          range={UNIT}
          step={width(windows)}
        />
      )}
    </Panel>
  )
}

const UNIT = [0, 1] as const

function columns(windows: readonly Measured[]): { times: number[]; series: Series[]; areas: Area[] } {
  const beside = (sign: 1 | -1) =>
    windows.map(({ mean, volatility }) => (volatility === null ? null : mean + sign * volatility))
  return {
    times: windows.map(({ start }) => seconds(start)),
    series: [
      { label: 'Mean', values: windows.map(({ mean }) => mean), colour: '--line', points: windows.length <= SPARSE },
    ],
    areas: [{ label: '± 1 volatility', lower: beside(-1), upper: beside(1), colour: '--line' }],
  }
}

/** Seconds of a window; all have one width. */
function width([first]: readonly Measured[]): number {
  return first === undefined ? 1 : seconds(first.end) - seconds(first.start)
}

function summary(windows: readonly Measured[]): string {
  const means = windows.map(({ mean }) => mean)
  const [lowest, highest] = [means.reduce((a, b) => Math.min(a, b)), means.reduce((a, b) => Math.max(a, b))]
  return `${counted(windows.length, 'window')}, with means from ${decimal(lowest)} to ${decimal(highest)}, ${decimal(means.at(-1) ?? null)} at last.`
}
