import { TransactionError } from '../../../errors.ts'
import type { WritableItem } from '../../../record/writable-value.ts'
import type { ConditionOptions, ItemCondition } from './condition.ts'
import type { KeySchema, KeySchemas } from './key-schemas.ts'
import { checkOperation, deleteOperation, putOperation, updateOperation, type Operation } from './operation.ts'
import type { ItemUpdate } from './update.ts'

/**
 * What a handler changes in DynamoDB: collected while it runs, without any request, and committed after it, together with
 * the note that its record is done, in one TransactWriteItems. Values are plain JavaScript, as those of a record's images
 * are; a value that can't be written is an `EncodeError` at the call. An item may be touched once.
 *
 * A condition that does not hold at the commit fails the attempt with a `ConditionFailedError`, and nothing is written; the
 * handler then runs again, as `retry` says. What can never be committed (an item twice, 100 operations, more than 4 MB, a call
 * after the handler has returned) is a `TransactionError` at the call, and the record's failure also if that is caught.
 */
export interface DynamoDBTransaction {
  /** Puts an item in place of any other with its key. */
  put(tableName: string, item: WritableItem, options?: ConditionOptions): void
  /** Changes attributes of an item, which is made if it is not there. */
  update(tableName: string, key: WritableItem, update: ItemUpdate): void
  /** Deletes an item. */
  delete(tableName: string, key: WritableItem, options?: ConditionOptions): void
  /** Commits only if this holds of an item that is not changed. */
  check(
    tableName: string,
    key: WritableItem,
    condition: ItemCondition,
    options?: Pick<ConditionOptions, 'returnItem'>,
  ): void
}

/** A transaction as its handler left it. */
export interface SealedTransaction {
  readonly operations: readonly Operation[]
  readonly bytes: number
}

/** AWS: 100 actions and 4 MB in a TransactWriteItems. What marks take of it is left to them. */
export const actionsPerTransaction: number = 100
export const bytesPerTransaction: number = 4 * 1_024 * 1_024 - 256 * 1_024

const noOptions: ConditionOptions = {}

interface Unresolved {
  readonly position: number
  readonly tableName: string
  readonly resolve: (schema: KeySchema) => Operation
}

/**
 * The transaction of one attempt.
 *
 *     open ── the handler returned ──▶ sealed: any call throws
 *       └─── a call that can't be committed ──▶ faulty: sealing throws that, whatever the handler made of it
 */
export class RecordTransaction implements DynamoDBTransaction {
  readonly #schemas: KeySchemas
  readonly #maxOperations: number
  readonly #operations: (Operation | undefined)[] = []
  #unresolved: Unresolved[] | undefined
  // Made with the second operation: nearly every handler has but one.
  #items: Map<string, Operation> | undefined
  #bytes = 0
  #isSealed = false
  #fault: { readonly error: unknown } | undefined

  constructor(schemas: KeySchemas, maxOperations: number) {
    this.#schemas = schemas
    this.#maxOperations = maxOperations
  }

  put(tableName: string, item: WritableItem, options: ConditionOptions = noOptions): void {
    this.#guarded('put', tableName, (schema) => {
      const resolve = putOperation(tableName, item, options)
      if (schema !== undefined) return resolve(schema)
      ;(this.#unresolved ??= []).push({ position: this.#operations.length, tableName, resolve })
      return undefined
    })
  }

  update(tableName: string, key: WritableItem, update: ItemUpdate): void {
    this.#guarded('update', tableName, (schema) => updateOperation(tableName, key, update, schema))
  }

  delete(tableName: string, key: WritableItem, options: ConditionOptions = noOptions): void {
    this.#guarded('delete', tableName, (schema) => deleteOperation(tableName, key, options, schema))
  }

  check(
    tableName: string,
    key: WritableItem,
    condition: ItemCondition,
    options: Pick<ConditionOptions, 'returnItem'> = noOptions,
  ): void {
    this.#guarded('check', tableName, (schema) => checkOperation(tableName, key, { ...options, condition }, schema))
  }

  /** The handler failed: nothing of this is committed, and later calls throw. */
  discard(): void {
    this.#isSealed = true
  }

  /**
   * The handler returned. Answers with a promise only where the keys of tables that were put to have to be asked for; throws its
   * first fault.
   */
  seal(): SealedTransaction | Promise<SealedTransaction> {
    this.#isSealed = true
    if (this.#fault !== undefined) throw this.#fault.error
    return this.#unresolved === undefined ? this.#sealed() : this.#resolved(this.#unresolved)
  }

  async #resolved(unresolved: readonly Unresolved[]): Promise<SealedTransaction> {
    for (const { position, tableName, resolve } of unresolved) {
      const operation = resolve(await this.#schemas.ask(tableName))
      this.#note(operation)
      this.#operations[position] = operation
    }
    return this.#sealed()
  }

  #sealed(): SealedTransaction {
    // Whatever was not known when it was called has taken its place by now.
    return { operations: this.#operations as readonly Operation[], bytes: this.#bytes }
  }

  /** @param call answers with what is to be done, or with nothing where that is not known yet. */
  #guarded(verb: string, tableName: string, call: (schema: KeySchema | undefined) => Operation | undefined): void {
    if (this.#isSealed)
      throw new TransactionError(
        `${verb} '${tableName}': the handler has returned, and its transaction is closed; await what it does`,
      )
    try {
      if (this.#operations.length >= this.#maxOperations)
        throw new TransactionError(
          `${verb} '${tableName}': a record's transaction has at most ${this.#maxOperations} operations, and this one ` +
            `would be the next`,
        )
      const operation = call(this.#schemas.get(tableName))
      if (operation !== undefined) this.#note(operation)
      this.#operations.push(operation)
    } catch (error) {
      this.#fault ??= { error }
      throw error
    }
  }

  #note(operation: Operation): void {
    const { name, item, key, bytes } = operation
    const other = this.#sameItem(item)
    if (other !== undefined)
      throw new TransactionError(
        `${name}: item ${JSON.stringify(key)} is touched twice (before: ${other.name}); a transaction takes an item once: ` +
          `put all that happens to it into one operation`,
      )
    this.#items?.set(item, operation)
    this.#bytes += bytes
    if (this.#bytes > bytesPerTransaction)
      throw new TransactionError(
        `${name}: with it the record's transaction has ${this.#bytes} bytes; ${bytesPerTransaction} is the most`,
      )
  }

  #sameItem(item: string): Operation | undefined {
    if (this.#items === undefined && this.#operations.length > 0) {
      this.#items = new Map<string, Operation>()
      for (const operation of this.#operations) if (operation !== undefined) this.#items.set(operation.item, operation)
    }
    return this.#items?.get(item)
  }
}
