import { TransactionError } from '../../../errors.ts'
import { encodeItem } from '../../../record/encode-value.ts'
import type { WritableItem } from '../../../record/writable-value.ts'
import { noteName } from './note.ts'
import type { Attributes, ItemWrite } from './write.ts'

/**
 * `context.transaction` under a `dynamodbProjection`: what the record's change makes of its one item. Exactly one of these
 * is called, once; nothing is sent before the handler has returned.
 *
 * Keys and items are in plain JavaScript values; what can't be written without loss is an `EncodeError`.
 */
export interface ItemProjection {
  /** The item as it is now, its key within it; whatever it was before is gone. */
  put(item: WritableItem): void
  /**
   * Attributes of the item that are other now; the rest stays, and an item that is not there is made. There is no adding
   * up: what a change adds must not depend on whether an earlier one was given up.
   */
  update(key: WritableItem, changes: ItemChanges): void
  /** The item is no more: a tombstone stays in its place; see `isTombstone`. */
  delete(key: WritableItem): void
  /** The change makes no difference to the item: nothing is written, not even that it was seen. */
  skip(): void
}

/** What an update does, by the names of whole attributes. */
export interface ItemChanges {
  readonly set?: WritableItem
  readonly remove?: readonly string[]
}

/** Takes down what one attempt of a handler does with its item. */
export class AttemptedItem implements ItemProjection {
  #write: ItemWrite | 'skip' | undefined
  #fault: TransactionError | undefined
  #isOver = false

  put(item: WritableItem): void {
    this.#take('put', () => ({ kind: 'put', item: this.#encode(item, 'put') }))
  }

  update(key: WritableItem, changes: ItemChanges): void {
    this.#take('update', () => {
      this.#assertKnown(changes)
      const { set = {}, remove = [] } = changes
      this.#assertNotOurs(remove)
      return { kind: 'update', key: this.#encode(key, 'update.key'), set: this.#encode(set, 'update.set'), remove }
    })
  }

  delete(key: WritableItem): void {
    this.#take('delete', () => ({ kind: 'delete', key: this.#encode(key, 'delete.key') }))
  }

  skip(): void {
    this.#take('skip', () => 'skip')
  }

  /** The handler has thrown: nothing more is taken. */
  abandon(): void {
    this.#isOver = true
  }

  /** The handler has returned. Throws what is wrong with what it did, also where the handler caught that. */
  end(): ItemWrite | 'skip' {
    this.#isOver = true
    if (this.#fault !== undefined) throw this.#fault
    if (this.#write !== undefined) return this.#write
    throw new TransactionError(
      "the handler returned without put, update or delete: a projection writes one item for each record; what makes no difference to it is said by transaction.skip(), or kept out by the consumer's select",
    )
  }

  #take(method: string, make: () => ItemWrite | 'skip'): void {
    if (this.#isOver)
      throw new TransactionError(`transaction.${method} was called after the handler had returned: await what calls it`)
    if (this.#write !== undefined)
      this.#refuse(`transaction.${method} is the second write of this record, and a projection has one item for each`)
    this.#write = make()
  }

  #encode(item: WritableItem, path: string): Attributes {
    const encoded = encodeItem(item, path) as Attributes // the SDK's type for what has exactly one field
    this.#assertNotOurs(Object.keys(encoded))
    return encoded
  }

  #assertKnown(changes: ItemChanges): void {
    const unknown = Object.keys(changes).find((name) => name !== 'set' && name !== 'remove')
    if (unknown !== undefined)
      this.#refuse(`there is no '${unknown}' in transaction.update of a projection; the names are set and remove`)
  }

  #assertNotOurs(names: readonly string[]): void {
    if (names.includes(noteName))
      this.#refuse(`the attribute '${noteName}' is the projection's own: leave it out of what you write`)
  }

  #refuse(message: string): never {
    throw (this.#fault = new TransactionError(message))
  }
}
