/** A line of figures under a label. */
export type Row = readonly [label: string, ...cells: readonly string[]]

/** Prints figures in columns that fit 80 characters and need no colour. */
export function printTable(title: string, header: Row, rows: readonly Row[], notes: readonly string[] = []): void {
  const [label, ...cells] = header
  const labelWidth = Math.max(...[header, ...rows].map(([text]) => text.length))
  const widths = cells.map(
    (text, column) => 2 + Math.max(text.length, ...rows.map((row) => row[column + 1]?.length ?? 0)),
  )
  const line = ([text, ...figures]: Row) =>
    text.padEnd(labelWidth) + figures.map((figure, column) => figure.padStart(widths[column] ?? 0)).join('')
  const rule = '-'.repeat(labelWidth + widths.reduce((total, width) => total + width, 0))
  console.log([title, rule, line([label, ...cells]), rule, ...rows.map(line), ...notes, ''].join('\n'))
}

/** A figure with as many decimals as still mean something. */
export function shown(figure: number): string {
  const decimals = Number.isInteger(figure) || figure >= 100 ? 0 : figure >= 10 ? 1 : 2
  return figure.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
}

/** How many times `a` is `b`. */
export function times(a: number, b: number): string {
  return b === 0 ? '' : `${(a / b).toFixed(1)} x`
}
