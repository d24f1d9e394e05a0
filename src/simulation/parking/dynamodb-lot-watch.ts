import type { Item } from '../../embedded/item.ts'
import { textOf } from '../workers/seen-lease.ts'
import type { SimulatedDatabase } from '../simulated-database.ts'
import type { LotOracle } from './lot-oracle.ts'
import { lotKeyOf, openedShard, seenLane, seenParked, seenPast, writtenKeys, type LotKey } from './lot-rows.ts'

/** Tells a lot's oracle what is read and written of a lot in DynamoDB, by the operations that are applied. */
export class DynamoDBLotWatch {
  readonly #oracle: LotOracle
  readonly #consumer: string
  readonly #database: () => SimulatedDatabase

  constructor(oracle: LotOracle, consumer: string, database: () => SimulatedDatabase) {
    this.#oracle = oracle
    this.#consumer = consumer
    this.#database = database
  }

  /** An operation was applied. */
  applied(operation: string, input: object, sender: string): void {
    if (operation === 'Query') return this.#read(input, sender)
    if (operation === 'UpdateItem') return this.#updated((input as { readonly Key?: Item }).Key, sender)
    if (operation !== 'TransactWriteItems') return
    const keys = writtenKeys(input)
    // What became of records first, then the records, then what the lane's row says of them.
    for (const kind of ['past', 'record', 'lane'] as const)
      for (const Key of keys) {
        const key = lotKeyOf(Key)
        if (key?.kind === kind && key.consumer === this.#consumer) this.#written(key, Key, sender)
      }
  }

  #read(input: object, sender: string): void {
    const values = (input as { readonly ExpressionAttributeValues?: Item }).ExpressionAttributeValues
    const [space, consumer, laneId] = (textOf(values?.[':pk']) ?? '').split('#')
    if (consumer !== this.#consumer) return
    if (laneId === undefined && space === 'parked') return this.#oracle.limit.listed(sender)
    if (laneId === undefined) return
    if (textOf(values?.[':from'])?.startsWith('record#') === true) this.#oracle.recordsRead(laneId, sender)
  }

  #updated(Key: Item | undefined, sender: string): void {
    if (Key === undefined) return
    const opened = openedShard(Key)
    if (opened !== undefined) this.#oracle.rows.opened(opened, sender)
    const key = lotKeyOf(Key)
    if (key?.kind === 'lane' && key.consumer === this.#consumer) this.#written(key, Key, sender)
  }

  #written(key: LotKey, Key: Item, sender: string): void {
    const { rows } = this.#oracle
    const { laneId } = key
    const row = this.#database().row(Key)
    if (key.kind === 'lane') rows.lane(laneId, seenLane(row), sender)
    else if (key.kind === 'record')
      rows.record(laneId, key.position, row && seenParked(key.position, textOf(row['body']) ?? '{}'), sender)
    else if (row !== undefined) rows.past(laneId, key.position, seenPast(row))
  }
}
