// Frames only while something moves: at rest one looks some sixteen times a second whether anything is to be done, and a
// frame that is asked for comes at once. A page that asks for sixty frames a second and draws none still costs a tenth
// of a core where there is no GPU.

const REST_MS = 60

export class Loop {
  private id = 0
  private timer: ReturnType<typeof setTimeout> | undefined
  private ended = false
  private readonly step: (ms: number) => boolean

  /** `step` draws a frame, and reports whether the next one is to follow at once. */
  constructor(step: (ms: number) => boolean) {
    this.step = step
    this.wake()
  }

  wake(): void {
    if (this.ended || this.id !== 0) return
    clearTimeout(this.timer)
    this.id = requestAnimationFrame((ms) => {
      this.id = 0
      if (this.step(ms)) this.wake()
      else if (!this.ended) this.timer = setTimeout(() => this.wake(), REST_MS)
    })
  }

  end(): void {
    this.ended = true
    cancelAnimationFrame(this.id)
    clearTimeout(this.timer)
  }
}
