import { CoordinationError } from '../../errors.ts'
import type { Row } from '../../ledger/dynamodb/rows.ts'
import { parseSequenceNumber, type SequenceNumber } from '../../record/sequence-number.ts'

/** Reads a row's attributes; what is not as we write it is a `CoordinationError` that names the row. */
export class RowReader {
  readonly #row: Row
  readonly #tableName: string
  readonly #kind: string

  /** @param kind What the row should be, for the message: `a lease`. */
  constructor(row: Row, tableName: string, kind: string) {
    this.#row = row
    this.#tableName = tableName
    this.#kind = kind
  }

  has(name: string): boolean {
    return this.#row[name] !== undefined
  }

  text(name: string): string {
    return this.#row[name]?.S ?? this.fail(name, 'a string')
  }

  optionalText(name: string): string | undefined {
    return this.has(name) ? this.text(name) : undefined
  }

  /** A whole number that a double holds exactly. */
  whole(name: string): number {
    const value = Number(this.#row[name]?.N ?? NaN)
    return Number.isSafeInteger(value) ? value : this.fail(name, 'a whole number')
  }

  flag(name: string): boolean {
    return this.#row[name]?.BOOL ?? this.fail(name, 'true or false')
  }

  /** Bytes; none where the row has no such attribute. */
  bytes(name: string): Uint8Array {
    if (!this.has(name)) return new Uint8Array()
    return this.#row[name]?.B ?? this.fail(name, 'bytes')
  }

  choice<const Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    const text = this.text(name)
    return choices.find((one) => one === text) ?? this.fail(name, choices.join(' or '))
  }

  sequenceNumber(name: string): SequenceNumber | undefined {
    const text = this.optionalText(name)
    if (text === undefined) return undefined
    return /^\d{1,40}$/.test(text) ? parseSequenceNumber(text, name) : this.fail(name, 'a sequence number')
  }

  /** The attributes of a map, read as a row's are. */
  inside(name: string): RowReader {
    const map = this.#row[name]?.M ?? this.fail(name, 'a map')
    const { pk, sk } = this.#row
    return new RowReader({ ...map, ...(pk && { pk }), ...(sk && { sk }) }, this.#tableName, `${this.#kind}'s ${name}`)
  }

  fail(name: string, expected: string): never {
    const { pk, sk } = this.#row
    throw new CoordinationError(
      `the row { pk: '${pk?.S}', sk: '${sk?.S}' } of table '${this.#tableName}' is not ${this.#kind} as this version ` +
        `writes it: its '${name}' is not ${expected}; did something else write to it?`,
      { retryable: false },
    )
  }
}
