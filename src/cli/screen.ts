import { styleText } from 'node:util'

/** How wide a line may be: the terminal, or the 80 columns of one where the output goes elsewhere. */
export function columns(): number {
  return process.stdout.columns || 80
}

/** Whether the output is a terminal, on which lines may be drawn over. */
export function isTerminal(): boolean {
  return process.stdout.isTTY
}

/** Colours text where that is seen and wanted: on a terminal, unless NO_COLOR says otherwise. */
export function paint(colour: 'red' | 'green' | 'yellow' | 'dim' | 'bold', text: string): string {
  return isTerminal() && process.stdout.hasColors() ? styleText(colour, text, { validateStream: false }) : text
}

/** Cuts a line to a width, and takes out of it what would steer the terminal. */
export function fit(text: string, width: number): string {
  // oxlint-disable-next-line no-control-regex -- what a record holds must not steer the terminal
  const flat = text.replaceAll(/[\u0000-\u001F\u007F-\u009F]+/g, ' ')
  return flat.length > width ? `${flat.slice(0, Math.max(0, width - 1))}…` : flat
}

/** Breaks a text into lines of the screen's width; all but the first are indented. */
export function wrapped(text: string, indent = '  '): string {
  const lines: string[] = []
  const [first = '', ...words] = text.trimStart().split(' ')
  let line = `${' '.repeat(text.length - text.trimStart().length)}${first}`
  for (const word of words) {
    if (line.length + 1 + word.length > columns()) {
      lines.push(line)
      line = `${indent}${word}`
    } else line = `${line} ${word}`
  }
  return [...lines, line].join('\n')
}

/** Rows in columns, each as wide as its widest cell; cut at the width of the screen. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => fit(line.trimEnd(), columns()))
    .join('\n')
}

/** A time span in words. */
export function spanText(ms: number): string {
  if (ms < 1_000) return 'under 1 s'
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`
}
