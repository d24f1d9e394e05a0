import { styleText } from 'node:util'
import widthOf from 'string-width'

const graphemes = new Intl.Segmenter()

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

/** Cuts a line to so many columns of a terminal, where 寿司 takes four, and takes out of it what would steer one. */
export function fit(text: string, width: number): string {
  // oxlint-disable-next-line no-control-regex -- what a record holds must not steer the terminal
  const flat = text.replaceAll(/[\u0000-\u001F\u007F-\u009F]+/g, ' ')
  return widthOf(flat) > width ? `${beginning(flat, width - 1)}…` : flat
}

function beginning(text: string, width: number): string {
  let [kept, left] = ['', width]
  for (const { segment } of graphemes.segment(text)) {
    left -= widthOf(segment)
    if (left < 0) return kept
    kept += segment
  }
  return kept
}

/** Breaks a text into lines of the screen's width; all but the first are indented. */
export function wrapped(text: string, indent = '  '): string {
  const lines: string[] = []
  const [first = '', ...words] = text.trimStart().split(' ')
  let line = `${' '.repeat(text.length - text.trimStart().length)}${first}`
  for (const word of words) {
    if (widthOf(line) + 1 + widthOf(word) > columns()) {
      lines.push(line)
      line = `${indent}${word}`
    } else line = `${line} ${word}`
  }
  return [...lines, line].join('\n')
}

/** Rows in columns, each as wide as its widest cell; cut at the width of the screen. */
export function tableText(rows: readonly (readonly string[])[]): string {
  return aligned(rows)
    .map((line) => fit(line, columns()))
    .join('\n')
}

/** Rows in columns, each as wide as its widest cell. */
export function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const cells = rows.map((row) => row.map((cell) => ({ cell, width: widthOf(cell) })))
  const widths = (cells[0] ?? []).map((_, column) =>
    cells.reduce((widest, row) => Math.max(widest, row[column]?.width ?? 0), 0),
  )
  return cells.map((row) =>
    row
      .map(({ cell, width }, column) => cell + ' '.repeat((widths[column] ?? width) - width))
      .join('  ')
      .trimEnd(),
  )
}

/** A time span in words. */
export function spanText(ms: number): string {
  if (ms < 1_000) return 'under 1 s'
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`
}
