// The force layout, away from the page's thread: links pull, nodes push apart. It starts from where nodes are, so that
// a picture changes no more than it has to.

import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY, type SimulationLinkDatum, type SimulationNodeDatum } from 'd3-force'

interface N extends SimulationNodeDatum { id: number }
export interface ForceAsk { ask: number; ids: number[]; x: number[]; y: number[]; links: [number, number][]; gap: number; warm: boolean }
export interface ForceAnswer { ask: number; x: number[]; y: number[] }

self.onmessage = (e: MessageEvent<ForceAsk>) => {
  const { ask, ids, x, y, links, gap, warm } = e.data
  const nodes: N[] = ids.map((id, k) => ({ id, x: x[k]!, y: y[k]! }))
  const edges: SimulationLinkDatum<N>[] = links.map(([source, target]) => ({ source, target }))
  const many = ids.length
  const simulation = forceSimulation(nodes)
    .force('link', forceLink<N, SimulationLinkDatum<N>>(edges).id((n) => n.id).distance(gap * 0.9))
    .force('push', forceManyBody<N>().strength(-gap * 4).theta(many > 300 ? 1.2 : 0.9).distanceMax(gap * 25))
    .force('apart', forceCollide<N>(gap * 0.28))
    .force('x', forceX<N>().strength(0.035))
    .force('y', forceY<N>().strength(0.055))
    .stop()
  if (warm) simulation.alpha(0.35)
  const ticks = Math.min(300, Math.max(60, Math.round(200_000 / Math.max(many, 1))))
  simulation.alphaDecay(1 - Math.pow(0.001, 1 / ticks))
  for (let k = 0; k < ticks; k++) simulation.tick()
  self.postMessage({ ask, x: nodes.map((n) => n.x!), y: nodes.map((n) => n.y!) } satisfies ForceAnswer)
}
