// The recording that the observer writes of what it shows, as far as the page knows of it.

import type { Recording } from '../api/client.ts'

interface Asked { recording(): Promise<Recording>; record(action: 'start' | 'stop'): Promise<Recording> }

export class Recorder {
  /** undefined: it is not known. */
  is = $state.raw<Recording | undefined>()
  busy = $state(false)
  private orders = 0
  private readonly api: Asked

  constructor(api: Asked) { this.api = api }

  /** Asks how it goes. An observer that is not there says nothing: the page tells that already. */
  async ask(): Promise<void> {
    const orders = this.orders
    const is = await this.api.recording().catch(() => undefined)
    if (orders === this.orders && !this.busy) this.is = is // else it is from before an order
  }

  /** Begins or ends it, and returns what to tell of that. Throws what the observer has against it. */
  async order(action: 'start' | 'stop'): Promise<string> {
    this.busy = true
    this.orders++
    try {
      const is = (this.is = await this.api.record(action))
      return action === 'start' ? `Recording in ${is.file}.` : `The recording in ${is.file} has ended.`
    } catch (e) {
      this.is = await this.api.recording().catch(() => undefined) // somebody else may have begun or ended it
      throw e
    } finally {
      this.busy = false
    }
  }
}
