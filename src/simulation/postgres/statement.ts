import type { Execution, Work } from './execution.ts'
import type { Columns } from './transaction.ts'

/** A row of an answer: everything is text. */
export type AnswerRow = { readonly [column: string]: string | null }

/** A statement that the simulated server knows, word for word. */
export interface Statement {
  readonly name: string
  readonly run: (execution: Execution, values: readonly string[]) => Work<readonly AnswerRow[]>
}

export function isBefore(value: string | number | undefined, limit: string | undefined): boolean {
  return Number(value) < Number(limit)
}

/** Deletes what is old and nobody else has locked. */
export function forget(
  execution: Execution,
  table: string,
  isOld: (row: Columns) => boolean,
  limit: number,
): readonly AnswerRow[] {
  let left = limit
  for (const [row, columns] of execution.all(table)) {
    if (left === 0) break
    if (!isOld(columns) || !execution.lockFree(table, row)) continue
    execution.write(table, row, undefined)
    left -= 1
  }
  return []
}

/** As the server writes a setting of milliseconds back. */
export function duration(ms: string): string {
  const number = Number(ms)
  if (number === 0) return '0'
  if (number % 60_000 === 0 && number > 0) return `${number / 60_000}min`
  return number % 1_000 === 0 && number > 0 ? `${number / 1_000}s` : `${number}ms`
}
