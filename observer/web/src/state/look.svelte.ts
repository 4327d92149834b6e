// How one looks: view, layout, colours, what is chosen and searched, theme; from the address of the page, and back into it.

import type { LayoutName } from '../graph/keeper.ts'
import type { LinkColour, NodeColour } from '../graph/style.ts'
import { keep, read } from './kept.ts'
import { readHash, writeHash, type Link } from './permalink.ts'

export type View = 'graph' | 'map' | 'table' | 'series' | 'spread' | 'race' | 'compare'
export const views: { id: View; label: string; key: string }[] = [
  { id: 'graph', label: 'Graph', key: '1' }, { id: 'map', label: 'Map', key: '2' }, { id: 'table', label: 'Table', key: '3' },
  { id: 'series', label: 'Series', key: '4' }, { id: 'spread', label: 'Spread', key: '5' }, { id: 'race', label: 'Race', key: '6' },
  { id: 'compare', label: 'Compare', key: '7' },
]
export const speeds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 60]

export class Look {
  view = $state<View>('graph')
  layout = $state<LayoutName>('force')
  world = $state<'world' | 'america'>('world')
  app = $state<string | undefined>()
  link = $state<LinkColour>('utilisation')
  node = $state<NodeColour>('group')
  root = $state<number | undefined>()
  query = $state('')
  group = $state<string | undefined>()
  flow = $state(true)
  /** Links that carry no data are shown too. */
  idle = $state(false)
  messages = $state(true)
  theme = $state<'dark' | 'light'>('dark')
  calm = $state(false)

  selection = $state.raw<ReadonlySet<number>>(new Set())
  chosenLink = $state<string | undefined>()
  hover = $state<number | undefined>()
  figure = $state('in')
  pinned = $state.raw<string[]>([])
  dialog = $state<'help' | 'export' | undefined>()
  toast = $state.raw<{ text: string; kind: 'good' | 'bad' | 'plain' } | undefined>()
  said = $state('')

  /** What the address asked for when the page was opened. */
  protected readonly asked: Link
  /** The view that the address need not name. */
  protected home: View = 'graph'
  private toastTimer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    const q = (this.asked = readHash())
    const one = <T extends string>(v: string | undefined, of: readonly T[], or: T): T => (of.includes(v as T) ? (v as T) : or)
    this.view = one(q.view, views.map((v) => v.id), 'graph')
    this.layout = one(q.layout, ['force', 'tree', 'dag', 'chain', 'hops', 'latency'] as const, 'force')
    this.world = one(q.map, ['world', 'america'] as const, 'world')
    this.link = one(q.link, ['utilisation', 'loss', 'rtt', 'queue'] as const, 'utilisation')
    this.node = one(q.node, ['group', 'load', 'progress'] as const, 'group')
    this.app = q.app
    this.query = q.q ?? ''
    this.idle = q.idle === 'yes'
    this.group = q.group
    this.figure = q.figure ?? 'in'
    if (q.root !== undefined && Number.isFinite(Number(q.root))) this.root = Number(q.root)
    if (q.sel) this.selection = new Set(q.sel.split('.').map(Number).filter(Number.isInteger))
    if (q.pin) this.pinned = q.pin.split('.')
    this.chosenLink = q.edge
    const kept = read('theme')
    this.theme = one(q.theme ?? kept ?? undefined, ['dark', 'light'] as const, matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark')
    const calm = matchMedia('(prefers-reduced-motion: reduce)')
    this.calm = calm.matches
    calm.onchange = () => { this.calm = calm.matches }
    this.flow = read('flow') !== 'no'
  }

  pin(key: string): void {
    this.pinned = this.pinned.includes(key) ? this.pinned.filter((k) => k !== key) : [...this.pinned, key].slice(-8)
  }

  tell(text: string, kind: 'good' | 'bad' | 'plain' = 'plain'): void {
    this.toast = { text, kind }
    clearTimeout(this.toastTimer)
    this.toastTimer = setTimeout(() => { this.toast = undefined }, kind === 'bad' ? 8000 : 4000)
  }

  /** Puts a command on the clipboard; where the browser does not let a page, it is shown to be copied by hand. */
  async copy(text: string, done = text): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      this.tell(done, 'good')
    } catch {
      this.tell(text)
    }
  }

  /** For screen readers. */
  say(text: string): void { this.said = text }

  setTheme(t: 'dark' | 'light'): void {
    this.theme = t
    keep('theme', t)
  }

  setFlow(on: boolean): void {
    this.flow = on
    keep('flow', on ? 'yes' : 'no')
  }

  /** Writes the address; `t` if one looks at a time and not at what is now. */
  protected write(t: number | undefined): void {
    writeHash({
      view: this.view === this.home ? undefined : this.view,
      layout: this.layout === 'force' ? undefined : this.layout,
      map: this.world === 'world' ? undefined : this.world,
      link: this.link === 'utilisation' ? undefined : this.link,
      node: this.node === 'group' ? undefined : this.node,
      idle: this.idle ? 'yes' : undefined,
      app: this.app, q: this.query, group: this.group,
      figure: this.figure === 'in' ? undefined : this.figure,
      root: this.root?.toString(),
      sel: [...this.selection].slice(0, 50).join('.'),
      edge: this.chosenLink, pin: this.pinned.join('.'),
      t: t?.toFixed(3),
    })
  }
}
