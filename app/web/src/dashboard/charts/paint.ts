/** Colours of tokens.css for a canvas, and what is drawn behind and before a chart's lines. */
import type uPlot from 'uplot'

import type { Marker, Token, Zone } from './TimeChart'

type Colour = (token: Token, opacity?: number) => string

/** A custom property as it is seen at `element`, where light or dark has been decided. */
export function paint(element: HTMLElement): Colour {
  return (token, opacity = 1) => {
    const probe = document.createElement('span')
    probe.style.color = `color-mix(in srgb, var(${token}) ${opacity * 100}%, transparent)`
    element.append(probe)
    const { color } = getComputedStyle(probe)
    probe.remove()
    return color
  }
}

/** Bands behind everything; their names stand beside the plot, where nothing is drawn over them. */
export function drawnZones(plot: uPlot, zones: readonly Zone[], colour: Colour) {
  const { ctx, bbox } = plot
  const pixels = devicePixelRatio
  ctx.save()
  ctx.font = `${12 * pixels}px system-ui`
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  for (const { from, to, label, colour: token } of zones) {
    const [bottom, top] = [plot.valToPos(from, 'y', true), plot.valToPos(to, 'y', true)]
    ctx.fillStyle = colour(token, 0.09)
    ctx.fillRect(bbox.left, top, bbox.width, bottom - top)
    ctx.fillStyle = colour('--faint')
    ctx.fillText(label, bbox.left + bbox.width + 8 * pixels, (top + bottom) / 2)
  }
  ctx.restore()
}

/** Lines from top to bottom; the legend says what they are. */
export function drawnMarkers(plot: uPlot, markers: readonly Marker[], colour: Colour) {
  const { ctx, bbox } = plot
  const pixels = devicePixelRatio
  ctx.save()
  ctx.strokeStyle = colour('--faint')
  ctx.lineWidth = pixels
  ctx.setLineDash([2 * pixels, 3 * pixels])
  for (const { time } of markers) {
    const x = plot.valToPos(time, 'x', true)
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
  }
  ctx.restore()
}

/** Names of instants on an axis whose ticks lie `step` seconds apart: the day where it begins, else the hour. */
export function timeTicks(ticks: readonly number[], step: number): string[] {
  return ticks.map((tick, index) => {
    const at = new Date(tick * 1000)
    const startsDay = at.getHours() === 0 && at.getMinutes() === 0
    if (step >= 28 * 86_400) return YEAR.format(at)
    return step >= 86_400 || startsDay || index === 0 ? DAY.format(at) : HOUR.format(at)
  })
}

const YEAR = new Intl.DateTimeFormat('en-GB', { month: 'short', year: 'numeric' })
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const HOUR = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
