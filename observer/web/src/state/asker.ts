// Asks one question at a time. Whoever asks again about the same before the answer is there is heard after it, with the last
// of his questions alone: an observer that takes longer than the page waits would else never be heard out. A question about
// something else takes its place at once.

export class Asker {
  private about = ''
  private stop: AbortController | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private next: (() => void) | undefined

  ask<T>(about: string, question: (signal: AbortSignal) => Promise<T>, answer: (v: T) => void, failed: (e: Error) => void = () => {}): void {
    if (this.stop && this.about === about) {
      this.next = () => this.ask(about, question, answer, failed)
      return
    }
    this.end()
    this.about = about
    const mine = (this.stop = new AbortController()), began = performance.now()
    const last = (): boolean => this.stop === mine
    question(mine.signal).then((v) => { if (last()) answer(v) }, (e: unknown) => { if (last()) failed(e as Error) }).finally(() => {
      if (!last()) return
      // As long a pause as the answer took, so that a slow observer is not kept busy by one page.
      this.timer = setTimeout(() => {
        if (!last()) return
        const next = this.next
        this.stop = this.next = undefined
        next?.()
      }, performance.now() - began)
    })
  }

  /** Wants no answer any more. */
  end(): void {
    this.stop?.abort()
    clearTimeout(this.timer)
    this.stop = this.next = undefined
  }
}
