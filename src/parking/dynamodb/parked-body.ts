import { Buffer } from 'node:buffer'
import { gunzipSync, gzipSync } from 'node:zlib'
import { numberIn, type Row } from '../../ledger/dynamodb/rows.ts'
import type { LaneName } from '../lane-name.ts'
import { numberOf, partKey } from './rows.ts'
import type { ParkedRecord } from '../parking-lot.ts'

// AWS: a row holds 400 KB, names included. What else stands in it takes less than 10 KB, with the longest keys.
const bytesPerRow = 380_000

/** A body as rows hold it: the attributes of the record's own row, and further rows where one is too small. */
export interface StoredBody {
  readonly attributes: Row
  readonly parts: readonly Row[]
}

/**
 * Everything of a record that is not needed to find it, as one JSON text: readable in the row as long as it fits into it,
 * and otherwise compressed and in parts. Two images of 400 KB, which is the most that a record has, make at most three rows
 * whatever is in them, so that all of them always fit into one transaction (4 MB).
 */
export function storedBody(lane: LaneName, record: ParkedRecord): StoredBody {
  const text = JSON.stringify(record)
  if (Buffer.byteLength(text) <= bytesPerRow) return { attributes: { body: { S: text } }, parts: [] }
  const bytes = gzipSync(text)
  const pieces = Array.from({ length: Math.ceil(bytes.length / bytesPerRow) }, (_, piece) =>
    bytes.subarray(piece * bytesPerRow, (piece + 1) * bytesPerRow),
  )
  const [first = bytes, ...rest] = pieces
  return {
    attributes: { zipped: { B: first }, partCount: numberOf(rest.length) },
    parts: rest.map((piece, index) => ({ ...partKey(lane, record.position, index + 1), zipped: { B: piece } })),
  }
}

/** The keys of the further rows of a record. */
export function partKeysOf(lane: LaneName, record: Row, position: string): Row[] {
  return Array.from({ length: numberIn(record, 'partCount') }, (_, index) => partKey(lane, position, index + 1))
}

/**
 * The record that these rows hold: its own and its parts, these in any order. `undefined` where they don't belong together,
 * as rows that were read one after the other, with a write in between.
 */
export function bodyOf(record: Row, parts: readonly Row[]): ParkedRecord | undefined {
  // Written by us, whole and in one transaction.
  const text = record['body']?.S ?? unzipped([record, ...parts.toSorted((a, b) => partNumber(a) - partNumber(b))])
  return text === undefined ? undefined : (JSON.parse(text) as ParkedRecord)
}

function unzipped(rows: readonly Row[]): string | undefined {
  const pieces = rows.map((row) => row['zipped']?.B ?? new Uint8Array())
  try {
    return gunzipSync(Buffer.concat(pieces)).toString()
  } catch {
    return undefined // its length and its checksum tell
  }
}

function partNumber(row: Row): number {
  return Number((row['sk']?.S ?? '').split('#').at(-1))
}
