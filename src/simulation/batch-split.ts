/** A batch request of which a part is done, and what the service says of the rest. */
export interface SplitBatch {
  readonly done: object
  readonly leftOver: object
}

type BatchInput = { readonly RequestItems?: { readonly [table: string]: unknown } }

/** Splits a BatchWriteItem or BatchGetItem request as `isDone` says of each row; `undefined` where there is nothing left over. */
export function splitBatch(operation: string, input: object, isDone: () => boolean): SplitBatch | undefined {
  if (operation !== 'BatchWriteItem' && operation !== 'BatchGetItem') return undefined
  const done: Record<string, unknown> = {}
  const rest: Record<string, unknown> = {}
  for (const [table, request] of Object.entries((input as BatchInput).RequestItems ?? {})) {
    const [kept, left] = partition(rowsOf(request), isDone)
    if (kept.length > 0) done[table] = withRows(request, kept)
    if (left.length > 0) rest[table] = withRows(request, left)
  }
  if (Object.keys(rest).length === 0) return undefined
  const name = operation === 'BatchWriteItem' ? 'UnprocessedItems' : 'UnprocessedKeys'
  return { done: { ...input, RequestItems: done }, leftOver: { [name]: rest } }
}

/** Whether nothing at all of a split batch is done: the service would not even take such a request. */
export function isNothing(done: object): boolean {
  return Object.keys((done as BatchInput).RequestItems ?? {}).length === 0
}

function rowsOf(request: unknown): readonly unknown[] {
  return Array.isArray(request) ? (request as unknown[]) : ((request as { readonly Keys?: unknown[] }).Keys ?? [])
}

function withRows(request: unknown, rows: readonly unknown[]): unknown {
  return Array.isArray(request) ? rows : { ...(request as object), Keys: rows }
}

function partition(rows: readonly unknown[], isDone: () => boolean): [unknown[], unknown[]] {
  const [kept, left]: [unknown[], unknown[]] = [[], []]
  for (const row of rows) (isDone() ? kept : left).push(row)
  return [kept, left]
}
