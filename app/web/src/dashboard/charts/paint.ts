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

export function drawnZones(plot: uPlot, zones: readonly Zone[], colour: Colour) {
  const { ctx, bbox } = plot
  const pixels = devicePixelRatio
  ctx.save()
  ctx.font = `${11 * pixels}px system-ui`
  ctx.textAlign = 'right'
  ctx.textBaseline = 'top'
  for (const { from, to, label, colour: token } of zones) {
    const top = plot.valToPos(to, 'y', true)
    ctx.fillStyle = colour(token, 0.08)
    ctx.fillRect(bbox.left, top, bbox.width, plot.valToPos(from, 'y', true) - top)
    ctx.fillStyle = colour('--faint')
    ctx.fillText(label, bbox.left + bbox.width - 6 * pixels, top + 5 * pixels)
  }
  ctx.restore()
}

export function drawnMarkers(plot: uPlot, markers: readonly Marker[], colour: Colour) {
  const { ctx, bbox } = plot
  const pixels = devicePixelRatio
  ctx.save()
  ctx.font = `${11 * pixels}px system-ui`
  ctx.strokeStyle = ctx.fillStyle = colour('--faint')
  ctx.lineWidth = pixels
  ctx.setLineDash([2 * pixels, 3 * pixels])
  for (const { time, label } of markers) {
    const x = plot.valToPos(time, 'x', true)
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    const right = x < bbox.left + bbox.width * 0.8
    ctx.textAlign = right ? 'left' : 'right'
    ctx.fillText(label, x + (right ? 4 : -4) * pixels, bbox.top + bbox.height - 6 * pixels)
  }
  ctx.restore()
}
