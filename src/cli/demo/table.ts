/** A row of the demo's table: what is counted, and each consumer's figure (or one that holds for both). */
export type TableRow = readonly [label: string, plain: number, tidemark: number]

/** Sets the rows in columns that fit 80 characters and need no colour. */
export function renderTable(rows: readonly TableRow[]): string {
  const header = [''.padEnd(labelWidth), 'plain handler'.padStart(columnWidth), 'tidemark'.padStart(columnWidth)].join(
    '',
  )
  const lines = rows.map(([label, plain, tidemark]) => label.padEnd(labelWidth) + cell(plain) + cell(tidemark))
  const rule = '─'.repeat(labelWidth + 2 * columnWidth)
  return [header, rule, ...lines, rule].join('\n')
}

const labelWidth = 40
const columnWidth = 17

function cell(figure: number): string {
  return figure.toLocaleString('en-US').padStart(columnWidth)
}
