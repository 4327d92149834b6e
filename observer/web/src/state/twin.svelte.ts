// The recording that is shown beside another, by the other's clock and with the other's indices of nodes.

import { Past, type Series } from '../api/client.ts'
import type { Transfers } from '../api/transfers.ts'
import type { Stretch } from '../model/history.ts'
import { Rename } from '../model/rename.ts'
import type { Meta, Node, NodePatch, Update } from '../model/types.ts'
import type { World } from '../model/world.ts'
import { Courier } from './courier.ts'
import { Reel, type ReelHearer } from './reel.ts'

class TwinPast extends Past {
  private readonly names: Rename
  constructor(names: Rename) {
    super('./api/v1/twin/')
    this.names = names
  }
  override async snapshot(at?: number, signal?: AbortSignal): Promise<Update> {
    return this.names.update(await super.snapshot(at, signal))
  }
  override async updates(from: number, to: number, signal?: AbortSignal): Promise<{ updates: Update[] | null; next?: number }> {
    const r = await super.updates(from, to, signal)
    return { ...r, updates: r.updates?.map((u) => this.names.update(u)) ?? null }
  }
  override async series(q: Parameters<Past['series']>[0], signal?: AbortSignal): Promise<Series> {
    const key = this.names.key(q.key)
    return key === undefined ? { t: [], v: [] } : super.series({ ...q, key }, signal)
  }
}

export class Twin {
  meta: Meta | undefined
  readonly past: TwinPast
  readonly reel: Reel
  private readonly courier: Courier

  constructor(ours: (Node | NodePatch)[], hearer: ReelHearer) {
    const names = new Rename(ours as Node[])
    this.past = new TwinPast(names)
    this.reel = new Reel(this.past, hearer)
    this.courier = new Courier(this.past, (t) => names.transfers(t))
  }

  async open(): Promise<void> {
    this.meta = await this.past.meta()
    this.reel.begin = this.meta.begin ?? 0
    this.reel.end = this.meta.end ?? 0
    await this.past.snapshot() // the names of all that ever were
  }

  get now(): World { return this.reel.world }
  get end(): number { return this.reel.end }
  get extending(): boolean { return this.reel.extending || this.reel.busy }
  get transfers(): Transfers | undefined { return this.courier.transfers }

  /** The clock's time as this recording has it: it may end before. */
  private own(t: number): number { return Math.min(t, this.reel.end) }

  load(t: number): Promise<void> { return this.reel.load(this.own(t)) }
  go(t: number): boolean { return this.reel.go(this.own(t)) }
  ahead(t: number): void { this.reel.ahead(this.own(t)) }
  stretch(t: number): Stretch | undefined { return this.reel.history.find(this.own(t)) }
  seek(t: number, now: () => number): void {
    if (!this.go(t)) void this.reel.fetch(this.own(t), () => this.own(now()))
  }
  need(t: number, speed: number): void {
    if (this.meta?.has?.transfers) this.courier.need(this.own(t), speed, this.reel.begin, this.reel.end)
  }
}
