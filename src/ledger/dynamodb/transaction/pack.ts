import type { TransactWriteItem } from '@aws-sdk/client-dynamodb'
import { ConditionFailedError, isTidemarkError, TransactionError } from '../../../errors.ts'
import { classifyAwsError } from '../../../internal/aws-error.ts'
import { decodeItem } from '../../../record/decode-value.ts'
import type { NumberMode } from '../../../record/number.ts'
import type { Item } from '../../../record/record.ts'
import { actionsPerTransaction, bytesPerTransaction, type SealedTransaction } from './transaction.ts'
import type { Reason } from './commit.ts'
import type { Operation } from './operation.ts'

/** A record whose transaction is to be committed. */
export interface Packable {
  readonly transaction: SealedTransaction
}

interface Member<Record extends Packable> {
  readonly record: Record
  /** Its own mark, in front of its operations; absent where the pack has one for all. */
  readonly mark: TransactWriteItem | undefined
  /** Where its actions begin in the pack. */
  readonly from: number
}

/** What an action of a cancelled pack was for. */
export type Refusal<Record> =
  | { readonly of: 'shard'; readonly reason: Reason }
  | { readonly of: 'mark'; readonly record: Record; readonly reason: Reason }
  | { readonly of: 'operation'; readonly record: Record; readonly operation: Operation; readonly reason: Reason }

/** Records that are committed in one transaction: no item twice, at most 100 actions and 4 MB, all marks included. */
export class Pack<Record extends Packable> {
  readonly #members: Member<Record>[] = []
  readonly #items = new Set<string>()
  #actionCount: number
  #bytes = 0

  /** @param shardMarks Actions in front of all members: the shard's mark, or none. */
  constructor(shardMarks: 0 | 1) {
    this.#actionCount = shardMarks
  }

  get records(): readonly Record[] {
    return this.#members.map(({ record }) => record)
  }

  get size(): number {
    return this.#members.length
  }

  /** The items that it touches. */
  get items(): ReadonlySet<string> {
    return this.#items
  }

  /** Whether not even a record of one operation would fit. */
  get isFull(): boolean {
    return this.#actionCount + 1 > actionsPerTransaction
  }

  /** Adds a record unless it does not fit. */
  add(record: Record, mark?: TransactWriteItem): boolean {
    const { operations, bytes } = record.transaction
    const actionCount = this.#actionCount + operations.length + (mark === undefined ? 0 : 1)
    if (actionCount > actionsPerTransaction || this.#bytes + bytes > bytesPerTransaction) return false
    for (const { item } of operations) if (this.#items.has(item)) return false
    for (const { item } of operations) this.#items.add(item)
    this.#members.push({ record, mark, from: this.#actionCount })
    this.#actionCount = actionCount
    this.#bytes += bytes
    return true
  }

  /** Everything that is to be committed, the shard's mark first. */
  actions(...shardMarks: readonly TransactWriteItem[]): TransactWriteItem[] {
    const actions = [...shardMarks]
    for (const { record, mark } of this.#members) {
      if (mark !== undefined) actions.push(mark)
      for (const { action } of record.transaction.operations) actions.push(action)
    }
    return actions
  }

  /** What each refused action was for. */
  refusals(reasons: readonly Reason[]): Refusal<Record>[] {
    return reasons.flatMap((reason, index) => (reason.code === 'None' ? [] : [this.#refusal(reason, index)]))
  }

  #refusal(reason: Reason, index: number): Refusal<Record> {
    const member = this.#members.findLast(({ from }) => from <= index)
    if (member === undefined) return { of: 'shard', reason }
    const { record, mark, from } = member
    const position = index - from - (mark === undefined ? 0 : 1)
    const operation = record.transaction.operations[position]
    return operation === undefined ? { of: 'mark', record, reason } : { of: 'operation', record, operation, reason }
  }
}

/** The failure of an attempt of which an operation was refused. */
export function refusalError({ name, tableName, key }: Operation, reason: Reason, numbers: NumberMode): Error {
  const item = JSON.stringify(key)
  if (reason.code !== 'ConditionalCheckFailed')
    return new TransactionError(`${name}: DynamoDB refused it for item ${item}: ${reason.code} ${reason.message}`)
  const seen = reason.item === undefined ? {} : decodedItem(reason.item, numbers)
  return new ConditionFailedError(`${name}: its condition did not hold for item ${item}`, {
    ...{ tableName, key: decodedItem(key, 'bigint').item, item: seen.item },
    ...(seen.cause !== undefined && { cause: seen.cause }),
  })
}

function decodedItem(row: object, numbers: NumberMode): { readonly item?: Item; readonly cause?: unknown } {
  try {
    return { item: decodeItem(row, numbers, 'item') }
  } catch (cause) {
    if (isTidemarkError(cause, 'ERR_DECODE')) return { cause }
    throw cause
  }
}

/**
 * The failure of an attempt whose transaction was refused as a whole although it was alone. What is the system's fault (a
 * missing table, no permission) is told as it came: it says nothing of the record.
 */
export function refusedAlone(error: unknown, { operations }: SealedTransaction): unknown {
  if (classifyAwsError(error) !== 'validation') return error
  const names = operations.map(({ name }) => name).join(', ')
  const said = error instanceof Error ? error.message : String(error)
  return new TransactionError(`DynamoDB refused the transaction (${names}): ${said}`, { cause: error })
}
