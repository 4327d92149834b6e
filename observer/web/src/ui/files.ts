// Files that the page makes and the browser keeps.

export function save(name: string, blob: Blob): void {
  const a = document.createElement('a')
  a.href = URL.createObjectURL(blob)
  a.download = name
  a.click()
  setTimeout(() => URL.revokeObjectURL(a.href), 10_000)
}

/** RFC 4180; what a spreadsheet would take for a formula is text. */
export function csv(rows: (string | number | undefined)[][]): Blob {
  const cell = (v: string | number | undefined): string => {
    if (v === undefined) return ''
    if (typeof v === 'number') return String(v)
    const s = /^[=+\-@\t\r]/.test(v) ? `'${v}` : v
    return /[",\r\n]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s
  }
  return new Blob([rows.map((r) => r.map(cell).join(',')).join('\r\n') + '\r\n'], { type: 'text/csv' })
}
