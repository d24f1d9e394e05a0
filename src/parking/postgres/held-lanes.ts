import type { TableNames } from '../../ledger/postgres/migration.ts'
import type { LaneName } from '../lane-name.ts'
import type { Fate, HeldLane, ParkedRecord } from '../parking-lot.ts'
import { clearedExpiry, errorHead, keyOf, lockLaneThatIs } from './lane-rows.ts'
import type { LotStore, Query } from './lot-store.ts'

/** How a record came out of the lot: `before`, it was out already; `lost`, it is not this holder's to take. */
export type Taken = 'taken' | 'before' | 'lost'

/** For how long it is told what became of a record. */
const pastKeptMs = 30 * 86_400_000

// Whoever lets a lane go deletes some of what is forgotten, a hundred times what it leaves itself.
const prunedAtMost = 100

/** What whoever redrives a lane writes: all of it under the lock of the lane's row, and only while that names the holder. */
export class HeldLanes {
  readonly #store: LotStore
  readonly #tables: TableNames

  constructor(store: LotStore, tables: TableNames) {
    this.#store = store
    this.#tables = tables
  }

  hold(lane: LaneName, token: string, until: number, now: number): Promise<'held' | 'busy' | 'open'> {
    return this.#store.write('taking a parked lane', async (query) => {
      const row = await lockLaneThatIs(query, this.#tables, lane)
      const { parked } = row?.state ?? {}
      if (row === undefined || parked === undefined) return 'open'
      // Its own token is an earlier try the answer to which was lost.
      const isFree = row.holder === undefined || row.holder === token || (parked.heldUntil ?? 0) < now
      if (!isFree) return 'busy'
      await query(
        `UPDATE ${this.#tables.lanes} SET holder = $3, held_until = $4::text::bigint WHERE consumer = $1 AND lane_id = $2`,
        [...keyOf(lane), token, String(until)],
      )
      return 'held'
    })
  }

  extend({ lane, token }: HeldLane, until: number): Promise<'held' | 'lost'> {
    return this.#store.write('holding a parked lane', async (query) => {
      const rows = await query(
        `UPDATE ${this.#tables.lanes} SET held_until = $4::text::bigint ` +
          `WHERE consumer = $1 AND lane_id = $2 AND holder = $3 RETURNING lane_id AS id`,
        [...keyOf(lane), token, String(until)],
      )
      return rows.length > 0 ? 'held' : 'lost'
    })
  }

  async settle(held: HeldLane, position: string, fate: Fate): Promise<'settled' | 'lost'> {
    const taken = await this.#store.write('taking a record out of the parking lot', (query) =>
      this.takeOut(query, held, position, fate),
    )
    return taken === 'lost' ? 'lost' : 'settled'
  }

  /** Takes a record out in a transaction that may hold its effect as well. */
  async takeOut(query: Query, { lane, token }: HeldLane, position: string, fate: Fate): Promise<Taken> {
    const { records, past, lanes } = this.#tables
    // First of all: what follows is true until the commit only because nobody else can have the lane until then.
    const row = await lockLaneThatIs(query, this.#tables, lane)
    const [before] = await query(`SELECT outcome FROM ${past} WHERE consumer = $1 AND lane_id = $2 AND position = $3`, [
      ...keyOf(lane),
      position,
    ])
    if (before !== undefined) return 'before'
    if (row?.holder !== token) return 'lost'
    const taken = await query(
      `WITH taken AS (DELETE FROM ${records} WHERE consumer = $1 AND lane_id = $2 AND position = $3 RETURNING *) ` +
        `INSERT INTO ${past} (consumer, lane_id, position, outcome, settled_at, settled_by, reason, event_id, ` +
        `sequence_number, attempts, body) SELECT consumer, lane_id, position, $4::text, $5::text::bigint, $6::text, ` +
        // What was dropped is kept whole for as long as it is told that it was.
        `NULLIF($7::text, ''), event_id, sequence_number, attempts, CASE WHEN $4::text = 'dropped' THEN body END ` +
        `FROM taken RETURNING position`,
      [...keyOf(lane), position, fate.outcome, String(fate.at), withoutNul(fate.by), withoutNul(fate.reason ?? '')],
    )
    if (taken.length === 0) return 'lost'
    // What was said of the record that leaves says nothing of the next.
    await query(
      `UPDATE ${lanes} SET record_count = record_count - 1, error = NULL WHERE consumer = $1 AND lane_id = $2`,
      keyOf(lane),
    )
    return 'taken'
  }

  rewrite({ lane, token }: HeldLane, record: ParkedRecord): Promise<'written' | 'lost'> {
    const { records, lanes } = this.#tables
    return this.#store.write('writing a parked record anew', async (query) => {
      const row = await lockLaneThatIs(query, this.#tables, lane)
      if (row?.holder !== token) return 'lost'
      const written = await query(
        `UPDATE ${records} SET attempts = $4::text::bigint, body = $5::text::json ` +
          `WHERE consumer = $1 AND lane_id = $2 AND position = $3 RETURNING position`,
        [...keyOf(lane), record.position, String(record.attempts), JSON.stringify(record)],
      )
      if (written.length === 0) return 'lost'
      if (record.error !== undefined)
        await query(`UPDATE ${lanes} SET error = $3::text::json WHERE consumer = $1 AND lane_id = $2`, [
          ...keyOf(lane),
          errorHead(record.error),
        ])
      return 'written'
    })
  }

  letGo({ lane, token }: HeldLane, now: number): Promise<'open' | 'parked' | 'lost'> {
    const { lanes, past } = this.#tables
    return this.#store.write('letting a parked lane go', async (query) => {
      const row = await lockLaneThatIs(query, this.#tables, lane)
      const { parked } = row?.state ?? {}
      // Opened, or left, by an earlier try the answer to which was lost: then there is no holder at all.
      if (row?.holder !== token) return row?.holder !== undefined ? 'lost' : parked === undefined ? 'open' : 'parked'
      // One may have been queued at the last moment: then the lane stays parked, for that one has to be worked first.
      if (parked !== undefined && parked.recordCount > 0) {
        const free = `UPDATE ${lanes} SET holder = NULL, held_until = NULL WHERE consumer = $1 AND lane_id = $2`
        await query(free, keyOf(lane))
        return 'parked'
      }
      await query(
        `UPDATE ${lanes} SET parked_at = NULL, record_count = 0, holder = NULL, held_until = NULL, error = NULL, ` +
          `expires_at = $3::text::bigint, cleared_through = ` +
          `(SELECT max(position) FROM ${past} WHERE consumer = $1 AND lane_id = $2) WHERE consumer = $1 AND lane_id = $2`,
        [...keyOf(lane), clearedExpiry(now)],
      )
      await this.#prune(query, lane.consumer, now)
      return 'open'
    })
  }

  async #prune(query: Query, consumer: string, now: number): Promise<void> {
    const { lanes, past } = this.#tables
    await query(
      `DELETE FROM ${lanes} WHERE consumer = $1 AND lane_id IN (SELECT lane_id FROM ${lanes} WHERE consumer = $1 ` +
        `AND parked_at IS NULL AND expires_at < $2::text::bigint LIMIT ${prunedAtMost} FOR UPDATE SKIP LOCKED)`,
      [consumer, String(now)],
    )
    await query(
      `DELETE FROM ${past} WHERE consumer = $1 AND (lane_id, position) IN (SELECT lane_id, position FROM ${past} ` +
        `WHERE consumer = $1 AND settled_at < $2::text::bigint LIMIT ${prunedAtMost} FOR UPDATE SKIP LOCKED)`,
      [consumer, String(now - pastKeptMs)],
    )
  }
}

/** PostgreSQL holds no text with a NUL; what has to be exact is JSON. */
export function withoutNul(text: string): string {
  return text.replaceAll('\0', '\uFFFD')
}
