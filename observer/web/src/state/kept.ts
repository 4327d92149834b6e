// What the browser keeps from one visit to the next.

export function read(key: string): string | null {
  try {
    return localStorage.getItem(`ioverlay.${key}`)
  } catch {
    return null // a browser that keeps nothing
  }
}

export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(`ioverlay.${key}`, value)
  } catch { /* it is only forgotten at the next visit */ }
}
