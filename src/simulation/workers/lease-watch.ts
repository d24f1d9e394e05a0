import type { Item } from '../../embedded/item.ts'
import { seenLease, textOf, type SeenLease } from './seen-lease.ts'
import { ledgerTable, operatorName, type SimulatedDatabase } from '../simulated-database.ts'

/** Told of what becomes of leases, each time with the actor whose request did it. */
export interface LeaseListener {
  created(lease: SeenLease, sender: string): void
  /** The epoch is another. */
  acquired(before: SeenLease, lease: SeenLease, sender: string): void
  /** Saved, released, halted: anything within an epoch. */
  written(before: SeenLease, lease: SeenLease, sender: string): void
  finished(before: SeenLease, isNoted: boolean, sender: string): void
}

interface RowRequest {
  readonly TableName?: string
  readonly Key?: Item
  readonly Item?: Item
}

interface Request extends RowRequest {
  readonly TransactItems?: readonly { readonly Put?: RowRequest; readonly Delete?: RowRequest }[]
}

/** Watches the rows of one fleet in the coordination table, by looking at them after each request that may have changed them. */
export class LeaseWatch {
  readonly #database: () => SimulatedDatabase
  readonly #listener: LeaseListener
  readonly #leases = new Map<string, SeenLease>()
  readonly #rows = new Map<string, string>()
  readonly #finished = new Set<string>()
  // By incarnation: the actor that wrote its row
  readonly #actors = new Map<string, string>()
  readonly #members = new Set<string>()
  readonly #left = new Set<string>()
  #writeCount = 0

  constructor(database: () => SimulatedDatabase, listener: LeaseListener) {
    this.#database = database
    this.#listener = listener
  }

  /** All leases there are, by `lease#<label>#<shard id>`. */
  get leases(): ReadonlyMap<string, SeenLease> {
    return this.#leases
  }

  /** How often any of them was written to so far. */
  get writeCount(): number {
    return this.#writeCount
  }

  /** The members whose rows are there. */
  get members(): ReadonlySet<string> {
    return this.#members
  }

  /** Whether a member has removed its row; its request to join may arrive after that, and bring the row back. */
  hasLeft(id: string): boolean {
    return this.#left.has(id)
  }

  lease(streamLabel: string, shardId: string): SeenLease | undefined {
    return this.#leases.get(`lease#${streamLabel}#${shardId}`)
  }

  isFinished(streamLabel: string, shardId: string): boolean {
    return this.#finished.has(`${streamLabel}#${shardId}`)
  }

  /** The actor that an incarnation is of. */
  actorOf(owner: string | undefined): string | undefined {
    return this.#actors.get(owner ?? '')
  }

  /** A request was applied. */
  applied(operation: string, input: object, sender: string): void {
    const { TransactItems, ...single }: Request = input
    if (operation === 'TransactWriteItems')
      // What a transaction leaves is looked at before what it takes away: the row that says why.
      for (const { Put, Delete } of TransactItems?.toReversed() ?? []) this.#row(Put ?? Delete ?? {}, sender)
    else if (operation === 'UpdateItem' || operation === 'DeleteItem') this.#row(single, sender)
  }

  #row({ TableName, Key, Item }: RowRequest, sender: string): void {
    if (TableName !== ledgerTable) return
    const { pk, sk } = Key ?? Item ?? {}
    const [partition, name] = [textOf(pk) ?? '', textOf(sk) ?? '']
    if (pk === undefined || sk === undefined) return
    if (partition.startsWith('members#')) this.#member(name, this.#database().row({ pk, sk }), sender)
    if (!partition.startsWith('leases#')) return
    if (name.startsWith('done#')) this.#note(name.slice('done#'.length), this.#database().row({ pk, sk }) !== undefined)
    if (name.startsWith('lease#')) this.#lease(name, this.#database().row({ pk, sk }), sender)
  }

  #note(shard: string, isFinished: boolean): void {
    if (isFinished) this.#finished.add(shard)
    else this.#finished.delete(shard)
  }

  #member(id: string, row: Item | undefined, sender: string): void {
    if (row === undefined) {
      this.#members.delete(id)
      return void this.#left.add(id)
    }
    this.#members.add(id)
    if (!this.#actors.has(id)) this.#actors.set(id, sender)
  }

  #lease(name: string, row: Item | undefined, sender: string): void {
    const before = this.#leases.get(name)
    if (row === undefined) {
      if (before === undefined) return
      this.#leases.delete(name)
      this.#rows.delete(name)
      if (sender === operatorName) return // nobody of the fleet did it
      return this.#listener.finished(before, this.isFinished(before.streamLabel, before.shardId), sender)
    }
    // A request that is repeated is answered again, and changes nothing.
    const text = JSON.stringify(row, (_, value: unknown) => (value instanceof Uint8Array ? [...value] : value))
    if (this.#rows.get(name) === text) return
    this.#rows.set(name, text)
    this.#writeCount += 1
    const lease = seenLease(row)
    this.#leases.set(name, lease)
    if (sender === operatorName) return
    if (before === undefined) this.#listener.created(lease, sender)
    else if (before.epoch !== lease.epoch) this.#listener.acquired(before, lease, sender)
    else this.#listener.written(before, lease, sender)
  }
}
