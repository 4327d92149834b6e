// uPlot in the page's colours, with one cursor for all charts of a view.

import uPlot from 'uplot'

export interface Line { label: string; color: string; dash?: number[]; width?: number; stepped?: boolean }

const css = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

export interface ChartSettings {
  width: number
  height: number
  lines: Line[]
  x: (v: number) => string
  y: (v: number) => string
  sync?: string
  yRange?: [number, number]
  /** The top of a chart that has nothing above 0. */
  least?: number
  xRange?: [number, number] | undefined
  /** A line at this x, if it is in sight. */
  mark?: () => number | undefined
  onpick?: (x: number) => void
  oncursor?: (index: number | null | undefined) => void
}

export function chart(at: HTMLElement, data: uPlot.AlignedData, s: ChartSettings): uPlot {
  const axis = { stroke: css('--ink3'), grid: { stroke: css('--line'), width: 1 }, ticks: { show: false }, font: "11px 'Inter Variable', system-ui", labelFont: "11px 'Inter Variable', system-ui" }
  return new uPlot({
    width: s.width, height: s.height,
    scales: { x: { time: false, ...(s.xRange ? { range: s.xRange } : {}) }, y: s.yRange ? { range: s.yRange } : { range: (_u, _min, max) => [0, max > 0 ? max * 1.08 : (s.least ?? 1)] } },
    legend: { show: false },
    cursor: { ...(s.sync ? { sync: { key: s.sync } } : {}), y: false, points: { size: 5 }, drag: { x: false, y: false } },
    axes: [
      { ...axis, values: (_u, v) => v.map(s.x), size: 26, space: 80 },
      { ...axis, values: (_u, v) => v.map(s.y), size: 72, space: 34 },
    ],
    series: [{}, ...s.lines.map((l): uPlot.Series => ({
      label: l.label, stroke: l.color, width: l.width ?? 1.5, points: { show: false }, spanGaps: false,
      ...(l.dash ? { dash: l.dash } : {}), ...(l.stepped ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {}),
    }))],
    hooks: {
      draw: [(u) => {
        const x = s.mark?.()
        if (x === undefined || x < u.scales.x!.min! || x > u.scales.x!.max!) return
        const px = u.valToPos(x, 'x', true)
        u.ctx.save()
        u.ctx.fillStyle = css('--ink2')
        u.ctx.fillRect(px, u.bbox.top, 1 * devicePixelRatio, u.bbox.height)
        u.ctx.restore()
      }],
      setCursor: [(u) => s.oncursor?.(u.cursor.idx)],
      ready: [(u) => {
        u.over.addEventListener('click', () => { if (s.onpick && u.cursor.left !== undefined && u.cursor.left >= 0) s.onpick(u.posToVal(u.cursor.left, 'x')) })
      }],
    },
  }, data, at)
}
