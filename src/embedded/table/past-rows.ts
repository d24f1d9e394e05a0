import type { Clock } from '../../internal/clock.ts'
import type { Item } from '../item.ts'
import type { Row } from './collection.ts'
import { primaryKeyText } from './key.ts'
import type { Table } from './table.ts'

// "Usually one second or less", says the documentation about how long an eventually consistent read can lag.
const memoryMs = 1000

interface Past {
  readonly row: Row | undefined
  readonly until: number
}

/** What was there before the last write of each item, for as long as a read can still see it. */
export class PastRows {
  readonly #clock: Clock
  // By table object, not by name: a table made anew has no past.
  readonly #tables = new WeakMap<Table, Map<string, Past>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  remember(table: Table, key: Item, row: Row | undefined): void {
    const now = this.#clock.monotonic()
    const text = primaryKeyText(key, table.definition.key)
    const pasts = this.#of(table)
    forget(pasts, now)
    pasts.delete(text) // so that the map stays sorted by time
    pasts.set(text, { row, until: now + memoryMs })
  }

  before(table: Table, key: Item): Past | undefined {
    const past = this.#tables.get(table)?.get(primaryKeyText(key, table.definition.key))
    return past !== undefined && past.until > this.#clock.monotonic() ? past : undefined
  }

  #of(table: Table): Map<string, Past> {
    const found = this.#tables.get(table)
    if (found !== undefined) return found
    const pasts = new Map<string, Past>()
    this.#tables.set(table, pasts)
    return pasts
  }
}

function forget(pasts: Map<string, Past>, now: number): void {
  for (const [text, { until }] of pasts) {
    if (until > now) return
    pasts.delete(text)
  }
}
