import { equalItems } from '../expression/compare-values.ts'
import { choiceField, type Fields } from '../fields.ts'
import { transactionFactor, writeUnits } from '../table/capacity-rules.ts'
import type { Row } from '../table/collection.ts'
import type { SecondaryIndex } from '../table/secondary-index.ts'
import type { Table } from '../table/table.ts'

type Kind = 'single' | 'read transaction' | 'write transaction'

interface Charge {
  readonly table: Table
  own: number
  readonly byIndex: Map<SecondaryIndex, number>
}

/** The capacity units that a request consumes, by AWS's published rules, for `ReturnConsumedCapacity`. */
export class Bill {
  readonly #detail: 'TOTAL' | 'INDEXES'
  readonly #kind: Kind
  readonly #charges = new Map<string, Charge>()

  /** `undefined` where the request does not ask: then nothing need be counted. */
  static for(fields: Fields, kind: Kind = 'single'): Bill | undefined {
    const detail = choiceField(fields, 'ReturnConsumedCapacity', ['INDEXES', 'TOTAL', 'NONE'])
    return detail === undefined || detail === 'NONE' ? undefined : new Bill(detail, kind)
  }

  private constructor(detail: 'TOTAL' | 'INDEXES', kind: Kind) {
    this.#detail = detail
    this.#kind = kind
  }

  /** Read units, which are of an index where one was read. */
  read(table: Table, units: number, index?: SecondaryIndex): void {
    if (index === undefined) this.#charge(table).own += this.#factor() * units
    else this.#addToIndex(table, index, this.#factor() * units)
  }

  /** A write is charged by the larger of both items, and what it changes in each index on top. */
  write(table: Table, before: Row | undefined, after: Row | undefined): void {
    const units = writeUnits(Math.max(before?.size ?? 0, after?.size ?? 0))
    this.#charge(table).own += this.#factor() * units
    for (const index of table.indexes.values()) {
      const entryUnits = indexUnits(index, before, after)
      if (entryUnits > 0) this.#addToIndex(table, index, this.#factor() * entryUnits)
    }
  }

  /** The field of an answer about one table. */
  one(): object | undefined {
    const [charge] = this.#charges.values()
    return charge === undefined ? undefined : this.#describe(charge)
  }

  /** The field of an answer about several tables. */
  all(): readonly object[] {
    return [...this.#charges.values()].map((charge) => this.#describe(charge))
  }

  #charge(table: Table): Charge {
    const found = this.#charges.get(table.name)
    if (found !== undefined) return found
    const charge: Charge = { table, own: 0, byIndex: new Map() }
    this.#charges.set(table.name, charge)
    return charge
  }

  #addToIndex(table: Table, index: SecondaryIndex, units: number): void {
    const { byIndex } = this.#charge(table)
    byIndex.set(index, (byIndex.get(index) ?? 0) + units)
  }

  #factor(): number {
    return this.#kind === 'single' ? 1 : transactionFactor
  }

  #describe({ table, own, byIndex }: Charge): object {
    const total = [...byIndex.values()].reduce((sum, units) => sum + units, own)
    const summary = { TableName: table.name, ...this.#units(total) }
    if (this.#detail === 'TOTAL') return summary
    return {
      ...summary,
      Table: this.#units(own),
      ...this.#ofIndexes(byIndex, 'local'),
      ...this.#ofIndexes(byIndex, 'global'),
    }
  }

  #ofIndexes(byIndex: ReadonlyMap<SecondaryIndex, number>, scope: 'local' | 'global'): object {
    const charged = [...byIndex].filter(([{ definition }]) => definition.scope === scope)
    if (charged.length === 0) return {}
    const units = charged.map(([{ definition }, count]) => [definition.name, this.#units(count)] as const)
    return { [scope === 'local' ? 'LocalSecondaryIndexes' : 'GlobalSecondaryIndexes']: Object.fromEntries(units) }
  }

  #units(count: number): object {
    if (this.#kind === 'read transaction') return { CapacityUnits: count, ReadCapacityUnits: count }
    if (this.#kind === 'write transaction') return { CapacityUnits: count, WriteCapacityUnits: count }
    return { CapacityUnits: count }
  }
}

// An entry that moves is deleted and put; one that stays and changes is charged once; one that stays the same is free.
function indexUnits(index: SecondaryIndex, before: Row | undefined, after: Row | undefined): number {
  const old = before !== undefined && index.has(before.item) ? before : undefined
  const next = after !== undefined && index.has(after.item) ? after : undefined
  if (old === undefined && next === undefined) return 0
  if (old === undefined || next === undefined) return writeUnits(sizeIn(index, old ?? next))
  if (!index.samePlace(old.item, next.item)) return writeUnits(sizeIn(index, old)) + writeUnits(sizeIn(index, next))
  if (equalItems(index.project(old.item), index.project(next.item))) return 0
  return writeUnits(Math.max(sizeIn(index, old), sizeIn(index, next)))
}

function sizeIn(index: SecondaryIndex, row: Row | undefined): number {
  return row === undefined ? 0 : index.sizeOf(row)
}
