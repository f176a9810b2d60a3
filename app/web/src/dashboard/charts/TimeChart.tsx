/** Values over time on a canvas, by uPlot; with a legend, a reading under the pointer, and a table for everyone else. */
import 'uplot/dist/uPlot.min.css'
import './TimeChart.css'

import { useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'

import { dateTime, decimal } from '../format'
import { useIsDark } from '../theme'
import { drawnMarkers, drawnZones, paint, timeTicks } from './paint'
import { between, ValueTable } from './ValueTable'
import { xRange } from './xRange'

/** The name of a custom property of tokens.css. */
export type Token = `--${string}`

export interface Series {
  label: string
  /** As many as there are times. */
  values: readonly (number | null)[]
  colour: Token
  dashed?: boolean
  /** A point at each value, for what is sparse; hollow ones for what is not settled. Where left out, wherever there is room. */
  points?: boolean | 'hollow'
}

/** What lies between two values at each time. */
export interface Area {
  label: string
  lower: readonly (number | null)[]
  upper: readonly (number | null)[]
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
  /** Seconds that a value stands for: a window's or a period's width. */
  step: number
  /** What of time was asked for; as far as there are values where left out. */
  span?: readonly [number, number] | null
  format?: (value: number | null) => string
  height?: number
}

export function TimeChart({ height = 260, format = decimal, ...props }: TimeChartProps) {
  const { label, summary, times, series, areas = [], markers = [] } = props
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>(null)
  const [index, setIndex] = useState<number | null>(null)
  const dark = useIsDark()

  // What is drawn around the values is read when it is drawn, so that new values need no new canvas.
  const drawn = useRef(props)
  drawn.current = props
  const shape = JSON.stringify([series.map(looks), areas.map(looks), props.range])

  useEffect(() => {
    const element = place.current
    if (element === null) return
    const { series, areas = [], zones = [], range } = drawn.current
    const colour = paint(element)
    const axis = {
      stroke: colour('--faint'),
      grid: { stroke: colour('--rule'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui',
    }
    const made = new uPlot(
      {
        width: element.clientWidth,
        height,
        padding: [8, zones.length > 0 ? 60 : 24, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
        scales: {
          // Of a value alone uPlot would say that it lasts for years.
          x: { time: true, range: () => xRange(drawn.current.times, drawn.current.step, drawn.current.span) },
          y: { range: [...range] },
        },
        axes: [
          { ...axis, grid: { show: false }, size: 30, values: (_, ticks, __, ___, step) => timeTicks(ticks, step) },
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
            ...dots(each, colour),
          })),
          ...areas.flatMap(() => [EDGE, EDGE]),
        ],
        bands: areas.map((area, index) => {
          const upper = 1 + series.length + 2 * index
          return { series: [upper, upper + 1], fill: colour(area.colour, 0.18) }
        }),
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
  }, [times, series, props.areas])

  const at = index === null ? undefined : times[index]
  return (
    <figure className="chart">
      <div
        ref={place}
        className="chart-canvas"
        style={{ minHeight: height }}
        role="img"
        aria-label={`${label}. ${summary}`}
      />
      <figcaption>
        <ul className="chart-legend">
          {series.map((each) => (
            <li key={each.label} style={{ '--swatch': `var(${each.colour})` }} data-dashed={each.dashed} data-points={each.points}>
              {each.label}
              {index !== null && <span className="number"> {format(each.values[index] ?? null)}</span>}
            </li>
          ))}
          {areas.map((area) => (
            <li key={area.label} style={{ '--swatch': `var(${area.colour})` }} data-area>
              {area.label}
              {index !== null && <span className="number"> {between(area, index, format)}</span>}
            </li>
          ))}
          {markers.length > 0 && <li data-marker>{[...new Set(markers.map((marker) => marker.label))].join(', ')}</li>}
          <li className="chart-when">{at !== undefined && dateTime(new Date(at * 1000).toISOString())}</li>
        </ul>
        <ValueTable label={label} times={times} series={series} areas={areas} format={format} />
      </figcaption>
    </figure>
  )
}

function dots({ points, colour: token }: Series, colour: ReturnType<typeof paint>): Pick<uPlot.Series, 'points'> {
  if (points === 'hollow') return { points: { show: true, size: 9, width: 1.75, stroke: colour(token), fill: colour('--paper') } }
  return { points: { ...(points !== undefined && { show: points }), size: 5, fill: colour(token) } }
}

/** The line around an area is not drawn. */
const EDGE: uPlot.Series = { width: 0, points: { show: false } }

const looks = ({ label, colour, ...rest }: Series | Area) =>
  'values' in rest ? [label, colour, rest.dashed, rest.points] : [label, colour]

const columns = ({ times, series, areas = [] }: TimeChartProps): uPlot.AlignedData => [
  [...times],
  ...series.map(({ values }) => [...values]),
  ...areas.flatMap(({ lower, upper }) => [[...upper], [...lower]]),
]
