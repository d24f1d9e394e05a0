import type { Item } from '../item.ts'

/**
 * What goes wrong in a database on purpose. Each is asked at every request, so that a test can switch it meanwhile;
 * all are off by default.
 */
export interface DatabaseFaults {
  /** Probability, 0 to 1, that an eventually consistent read of an item gives what was there before its last write. */
  readonly staleReadChance?: number | undefined
  /** Probability, 0 to 1, that one item of a batch is left unprocessed. */
  readonly unprocessedChance?: number | undefined
  /** Whether this request to this table is refused as more than its throughput. */
  readonly throttle?: ((operation: string, tableName: string) => boolean) | undefined
  /** Whether this item is just then part of another transaction. */
  readonly conflict?: ((operation: string, tableName: string, key: Item) => boolean) | undefined
}
