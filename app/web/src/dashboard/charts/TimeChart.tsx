/** Values over time on a canvas, by uPlot; with a legend, a reading under the pointer, and a table for everyone else. */
import 'uplot/dist/uPlot.min.css'
import './TimeChart.css'

import { useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'

import { dateTime, decimal } from '../format'
import { useIsDark } from '../theme'
import { drawnMarkers, drawnZones, paint } from './paint'
import { ValueTable } from './ValueTable'

/** The name of a custom property of tokens.css. */
export type Token = `--${string}`

export interface Series {
  label: string
  /** As many as there are times. */
  values: readonly (number | null)[]
  colour: Token
  dashed?: boolean
  /** A point at each value, for what is sparse. */
  points?: boolean
}

/** The area between two of the series, by their places in the list. */
export interface Area {
  upper: number
  lower: number
  colour: Token
}

/** A horizontal band with a name, behind everything. */
export interface Zone {
  from: number
  to: number
  label: string
  colour: Token
}

/** A moment worth a vertical line. */
export interface Marker {
  time: number
  label: string
}

export interface TimeChartProps {
  label: string
  /** What there is to see, in a sentence: for those who do not see the canvas. */
  summary: string
  /** Seconds since 1970, ascending. */
  times: readonly number[]
  series: readonly Series[]
  areas?: readonly Area[]
  zones?: readonly Zone[]
  markers?: readonly Marker[]
  /** Lowest and highest value of the scale. */
  range: readonly [number, number]
  format?: (value: number | null) => string
  height?: number
}

export function TimeChart({ height = 260, format = decimal, ...props }: TimeChartProps) {
  const { label, summary, times, series } = props
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>(null)
  const [index, setIndex] = useState<number | null>(null)
  const dark = useIsDark()

  // What is drawn around the values is read when it is drawn, so that new values need no new canvas.
  const drawn = useRef(props)
  drawn.current = props
  const shape = JSON.stringify([series.map(({ values, ...rest }) => rest), props.areas, props.range])

  useEffect(() => {
    const element = place.current
    if (element === null) return
    const { series, areas = [], range } = drawn.current
    const colour = paint(element)
    const axis = { stroke: colour('--faint'), grid: { stroke: colour('--rule'), width: 1 }, ticks: { show: false }, font: '12px system-ui' }
    const made = new uPlot(
      {
        width: element.clientWidth,
        height,
        legend: { show: false },
        cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
        scales: { x: { time: true }, y: { range: [...range] } },
        axes: [
          { ...axis, grid: { show: false } },
          { ...axis, size: 44, values: (_, ticks) => ticks.map((tick) => format(tick)) },
        ],
        series: [
          {},
          ...series.map((each) => ({
            label: each.label,
            stroke: colour(each.colour),
            width: 1.75,
            spanGaps: true,
            ...(each.dashed && { dash: [5, 4] }),
            ...(each.points === undefined ? {} : { points: { show: each.points, size: 5 } }),
          })),
        ],
        bands: areas.map((area) => ({ series: [area.upper + 1, area.lower + 1], fill: colour(area.colour, 0.18) })),
        hooks: {
          drawClear: [(plot) => drawnZones(plot, drawn.current.zones ?? [], colour)],
          draw: [(plot) => drawnMarkers(plot, drawn.current.markers ?? [], colour)],
          setCursor: [(plot) => setIndex(plot.cursor.idx ?? null)],
        },
      },
      columns(drawn.current),
      element,
    )
    chart.current = made
    const sized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    sized.observe(element)
    return () => {
      sized.disconnect()
      made.destroy()
      chart.current = null
    }
  }, [shape, dark, height, format])

  useEffect(() => {
    chart.current?.setData(columns(drawn.current))
  }, [times, series])

  const at = index === null ? undefined : times[index]
  return (
    <figure className="chart">
      <div ref={place} className="chart-canvas" role="img" aria-label={`${label}. ${summary}`} />
      <figcaption>
        <ul className="chart-legend">
          {series.map((each) => (
            <li key={each.label} style={{ '--swatch': `var(${each.colour})` }} data-dashed={each.dashed}>
              {each.label}
              {index !== null && <span className="number"> {format(each.values[index] ?? null)}</span>}
            </li>
          ))}
          <li className="chart-when">{at !== undefined && dateTime(new Date(at * 1000).toISOString())}</li>
        </ul>
        <ValueTable label={label} times={times} series={series} format={format} />
      </figcaption>
    </figure>
  )
}

const columns = ({ times, series }: Pick<TimeChartProps, 'times' | 'series'>): uPlot.AlignedData => [
  [...times],
  ...series.map(({ values }) => [...values]),
]
