// The live stream: a snapshot, then updates. A connection that is lost is tried again with back-off and jitter, and
// begins with a snapshot again, so that nothing has to be asked for twice.

import { api } from './client.ts'
import type { Update } from '../model/types.ts'

export type StreamState = 'connecting' | 'open' | 'lost'

export interface StreamListener {
  snapshot(u: Update): void
  update(u: Update): void
  dropped(updates: number): void
  state(s: StreamState, retryIn?: number): void
}

interface Message { type?: string; update?: Update; updates?: number }

export class Stream {
  private ws: WebSocket | undefined
  private tries = 0
  private timer: ReturnType<typeof setTimeout> | undefined
  private closed = false
  private show: unknown
  private readonly listener: StreamListener

  constructor(listener: StreamListener) {
    this.listener = listener
    this.open()
  }

  /** Says which nodes' details the page shows; the rest is left out of updates. */
  setDetail(nodes: number[]): void {
    this.show = { type: 'show', nodes: 'all', detail: nodes, events: true }
    if (this.ws?.readyState === WebSocket.OPEN) this.ws.send(JSON.stringify(this.show))
  }

  close(): void {
    this.closed = true
    clearTimeout(this.timer)
    this.ws?.close()
  }

  private open(): void {
    this.listener.state('connecting')
    const ws = new WebSocket(api.streamAddress())
    this.ws = ws
    ws.onopen = () => {
      this.tries = 0
      if (this.show) ws.send(JSON.stringify(this.show))
      this.listener.state('open')
    }
    ws.onmessage = (e) => {
      let m: Message
      try {
        m = JSON.parse(e.data as string) as Message
      } catch {
        return // what is no JSON cannot be shown, and the next snapshot will mend it
      }
      if (m.type === 'snapshot' && m.update) this.listener.snapshot({ ...m.update, full: true })
      else if (m.type === 'update' && m.update) this.listener.update(m.update)
      else if (m.type === 'dropped') this.listener.dropped(m.updates ?? 0)
    }
    ws.onclose = () => {
      if (this.closed) return
      const wait = Math.min(8, 0.5 * 2 ** this.tries++) * (0.75 + Math.random() / 2)
      this.listener.state('lost', wait)
      this.timer = setTimeout(() => this.open(), wait * 1000)
    }
  }
}
