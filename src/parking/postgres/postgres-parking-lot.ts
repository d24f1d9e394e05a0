import type { Clock, Random } from '../../internal/clock.ts'
import { systemClock, systemRandom } from '../../internal/system.ts'
import { knownNames, shape } from '../../internal/validate.ts'
import { databaseNames, driverOf, type PostgresDatabase } from '../../ledger/postgres/database.ts'
import { tableNames, type TableNames } from '../../ledger/postgres/migration.ts'
import { parseSequenceNumber } from '../../record/sequence-number.ts'
import { parseStreamArn } from '../../record/stream-arn.ts'
import type { Row } from '../../ledger/postgres/driver.ts'
import type { DeadLetter } from '../dead-letter.ts'
import { fenced } from '../fence.ts'
import { positionOf, type LaneName } from '../lane-name.ts'
import type {
  Fate,
  HeldLane,
  LaneState,
  NotedAttempts,
  ParkAnswer,
  ParkCondition,
  ParkedRecord,
  ParkingLot,
  PastRecord,
  ShardFence,
} from '../parking-lot.ts'
import { HeldLanes, withoutNul } from './held-lanes.ts'
import { clearedExpiry, errorHead, keyOf, laneColumns, laneRowOf, lockLane, numberIn, textIn } from './lane-rows.ts'
import { LotStore, type LotStoreSetting, type Query } from './lot-store.ts'

/** Where a consumer parks in PostgreSQL whose ledger is not there, or in another database than its ledger's. */
export type PostgresParkingLotOptions = PostgresDatabase & {
  /** The schema that the tables are in. Default: the first of the connection's `search_path`. */
  readonly schema?: string
  readonly clock?: Clock
  readonly random?: Random
}

/**
 * A parking lot in a PostgreSQL database, for `createConsumer({ parking: { lot } })` and for `new ParkedRecords({ lot,
 * consumer })`, with which parked records are looked at without the consumer. `postgresLedger` brings one of its own, in its
 * database. The tables: `postgresMigrations()`, or `npx tidemark init postgres`.
 */
export function postgresParkingLot(options: PostgresParkingLotOptions): ParkingLot {
  shape('postgresParkingLot options', options)
  knownNames('postgresParkingLot options', options, [...databaseNames, 'schema', 'clock', 'random'])
  const { clock = systemClock, random = systemRandom, schema } = options
  const tables = tableNames(schema)
  return new PostgresParkingLot({ driver: driverOf('postgresParkingLot', options), clock, random }, tables)
}

// A lease's row is there as long as its shard may be consumed, which is days; this one as long as anybody may park by it.
const fenceKeptMs = 30 * 86_400_000

/**
 * Parks in PostgreSQL, in the tables of the ledger's migrations.
 *
 * A record is one row, whatever its size, as JSON text: `jsonb` refuses a NUL and rewrites numbers, and bytes could not be
 * looked into. Whoever writes something of a lane locks the lane's row first, so that the writes on a lane are one after
 * the other; who parks under a lease also locks the shard's row, which the lease's next owner has to write.
 */
export class PostgresParkingLot implements ParkingLot {
  readonly #store: LotStore
  readonly #held: HeldLanes
  readonly #clock: Clock
  readonly #tables: TableNames

  constructor(setting: LotStoreSetting, tables: TableNames) {
    this.#store = new LotStore(setting)
    this.#held = new HeldLanes(this.#store, tables)
    this.#clock = setting.clock
    this.#tables = tables
  }

  async openShard(shard: ShardFence): Promise<void> {
    const { fences } = this.#tables
    const now = this.#clock.now()
    await this.#store.write('opening the shard in the parking lot', async (query) => {
      const opened = await query(
        `INSERT INTO ${fences} AS mine (consumer, table_name, stream_label, shard_id, lease_created_at, epoch, opened_at) ` +
          `VALUES ($1, $2, $3, $4, $5::text::bigint, $6::text::bigint, $7::text::bigint) ` +
          `ON CONFLICT (consumer, table_name, stream_label, shard_id) DO UPDATE SET ` +
          `lease_created_at = excluded.lease_created_at, epoch = excluded.epoch, opened_at = excluded.opened_at ` +
          // Equal is ours: opened before, after a failure, or by an earlier try the answer to which was lost. A lease that was
          // made anew begins at 1, and is the later one by its creation; after a replay epochs go on, whatever a clock says.
          `WHERE mine.epoch <= excluded.epoch OR mine.lease_created_at < excluded.lease_created_at RETURNING epoch::text`,
        [...fenceKeyOf(shard), String(shard.leaseCreatedAt), String(shard.epoch), String(now)],
      )
      if (opened.length === 0) throw fenced(shard)
      await query(`DELETE FROM ${fences} WHERE consumer = $1 AND opened_at < $2::text::bigint`, [
        shard.consumer,
        String(now - fenceKeptMs),
      ])
    })
  }

  async read(lanes: readonly LaneName[]): Promise<LaneState[]> {
    return this.#states(
      `(consumer, lane_id) IN (SELECT lane->>0, lane->>1 FROM jsonb_array_elements($2::text::jsonb) AS lane)`,
      [JSON.stringify(lanes.map(keyOf))],
    )
  }

  async list(consumer: string): Promise<LaneState[]> {
    return this.#states('consumer = $2', [consumer])
  }

  async #states(where: string, values: readonly string[]): Promise<LaneState[]> {
    const rows = await this.#store.read(
      'reading which lanes are parked',
      `SELECT ${laneColumns} FROM ${this.#tables.lanes} WHERE ${where} AND (parked_at IS NOT NULL OR ` +
        `((noted_position IS NOT NULL OR cleared_through IS NOT NULL) AND expires_at > $1::text::bigint))`,
      [String(this.#clock.now()), ...values],
    )
    return rows.map((row) => laneRowOf(row).state)
  }

  async note(lane: LaneName, { position, count }: NotedAttempts): Promise<void> {
    const now = this.#clock.now()
    await this.#store.write('noting an attempt', async (query) => {
      await lockLane(query, this.#tables, lane, now)
      await query(
        `UPDATE ${this.#tables.lanes} SET noted_position = $3, noted_count = $4::text::bigint, ` +
          `expires_at = $5::text::bigint WHERE consumer = $1 AND lane_id = $2 AND parked_at IS NULL AND (noted_position IS NULL ` +
          `OR expires_at <= $6::text::bigint OR (noted_position, noted_count) <= ($3, $4::text::bigint))`,
        [...keyOf(lane), position, String(count), clearedExpiry(now), String(now)],
      )
    })
  }

  async forgetNote(lane: LaneName, position: string): Promise<void> {
    await this.#store.write('forgetting a noted attempt', (query) =>
      query(
        `UPDATE ${this.#tables.lanes} SET noted_position = NULL, noted_count = NULL ` +
          `WHERE consumer = $1 AND lane_id = $2 AND noted_position = $3`,
        [...keyOf(lane), position],
      ),
    )
  }

  async noteRepetition(lane: LaneName, position: string): Promise<void> {
    await this.#store.write('noting that a record runs again', (query) =>
      query(
        `UPDATE ${this.#tables.lanes} SET repeated_from = $3 WHERE consumer = $1 AND lane_id = $2 ` +
          `AND cleared_through IS NOT NULL AND (repeated_from IS NULL OR repeated_from > $3)`,
        [...keyOf(lane), position],
      ),
    )
  }

  park(letter: DeadLetter, condition: ParkCondition): Promise<ParkAnswer> {
    const { tableName, streamLabel } = parseStreamArn(letter.streamArn, 'streamArn')
    const lane = { consumer: letter.consumer, tableName, laneKey: letter.laneKey }
    const record = { ...letter, position: positionOf(streamLabel, letter.sequenceNumber) }
    return this.#store.write('parking a record', async (query) => {
      const { state } = await lockLane(query, this.#tables, lane, this.#clock.now())
      if (condition.fence !== undefined) await this.#assertOpen(query, condition.fence)
      const known = await this.#whereIs(query, lane, record.position)
      if (known !== undefined) return known
      const { recordCount = 0 } = state.parked ?? {}
      if (condition.onlyBehind && state.parked === undefined) return 'open'
      if (recordCount >= condition.maxPerLane) return 'full'
      await this.#insert(query, lane, record)
      return 'parked'
    })
  }

  /** Until the transaction ends the shard's next owner waits to open it, and then finds what was parked. */
  async #assertOpen(query: Query, fence: ShardFence): Promise<void> {
    const open = await query(
      `SELECT epoch::text FROM ${this.#tables.fences} WHERE consumer = $1 AND table_name = $2 AND stream_label = $3 ` +
        `AND shard_id = $4 AND lease_created_at = $5::text::bigint AND epoch = $6::text::bigint FOR SHARE`,
      [...fenceKeyOf(fence), String(fence.leaseCreatedAt), String(fence.epoch)],
    )
    if (open.length === 0) throw fenced(fence)
  }

  async #whereIs(query: Query, lane: LaneName, position: string): Promise<'parked' | 'settled' | undefined> {
    const { records, past } = this.#tables
    const of = 'WHERE consumer = $1 AND lane_id = $2 AND position = $3'
    const [row] = await query(
      `SELECT 'parked' AS known FROM ${records} ${of} UNION ALL SELECT 'settled' AS known FROM ${past} ${of}`,
      [...keyOf(lane), position],
    )
    return row && (textIn(row, 'known') as 'parked' | 'settled')
  }

  async #insert(query: Query, lane: LaneName, record: ParkedRecord): Promise<void> {
    const { records, lanes } = this.#tables
    await query(
      `INSERT INTO ${records} (consumer, lane_id, position, event_id, sequence_number, attempts, parked_at, body) ` +
        `VALUES ($1, $2, $3, $4, $5, $6::text::bigint, $7::text::bigint, $8::text::json)`,
      [
        ...[...keyOf(lane), record.position, withoutNul(record.eventId), record.sequenceNumber],
        ...[String(record.attempts), String(record.parkedAt), JSON.stringify(record)],
      ],
    )
    await query(
      `UPDATE ${lanes} SET parked_at = COALESCE(parked_at, $3::text::bigint), record_count = record_count + 1, ` +
        `error = COALESCE(error, NULLIF($4::text, '')::json), expires_at = NULL, noted_position = NULL, ` +
        `noted_count = NULL, cleared_through = NULL, repeated_from = NULL WHERE consumer = $1 AND lane_id = $2`,
      [...keyOf(lane), String(record.parkedAt), record.error === undefined ? '' : errorHead(record.error)],
    )
  }

  async wasSettled(lane: LaneName, position: string): Promise<boolean> {
    const rows = await this.#store.read(
      'reading what became of a parked record',
      `SELECT outcome FROM ${this.#tables.past} WHERE consumer = $1 AND lane_id = $2 AND position = $3`,
      [...keyOf(lane), position],
    )
    return rows.length > 0
  }

  async records(
    lane: LaneName,
    { after = '', limit }: { readonly after?: string; readonly limit: number },
  ): Promise<ParkedRecord[]> {
    const rows = await this.#store.read(
      'reading parked records',
      `SELECT body::text AS body FROM ${this.#tables.records} WHERE consumer = $1 AND lane_id = $2 AND position > $3 ` +
        `ORDER BY position LIMIT $4::text::bigint`,
      [...keyOf(lane), after, String(limit)],
    )
    return rows.map((row) => JSON.parse(textIn(row, 'body') ?? '') as ParkedRecord)
  }

  async past(lane: LaneName, limit: number): Promise<PastRecord[]> {
    const rows = await this.#store.read(
      'reading what became of parked records',
      `SELECT position, outcome, settled_at::text AS at, settled_by AS by, reason, event_id AS event, ` +
        `sequence_number AS number, attempts::text AS attempts FROM ${this.#tables.past} ` +
        `WHERE consumer = $1 AND lane_id = $2 ORDER BY position DESC LIMIT $3::text::bigint`,
      [...keyOf(lane), String(limit)],
    )
    return rows.map(pastOf)
  }

  hold(lane: LaneName, token: string, until: number): Promise<'held' | 'busy' | 'open'> {
    return this.#held.hold(lane, token, until, this.#clock.now())
  }

  extend(held: HeldLane, until: number): Promise<'held' | 'lost'> {
    return this.#held.extend(held, until)
  }

  settle(held: HeldLane, position: string, fate: Fate): Promise<'settled' | 'lost'> {
    return this.#held.settle(held, position, fate)
  }

  rewrite(held: HeldLane, record: ParkedRecord): Promise<'written' | 'lost'> {
    return this.#held.rewrite(held, record)
  }

  letGo(held: HeldLane): Promise<'open' | 'parked' | 'lost'> {
    return this.#held.letGo(held, this.#clock.now())
  }

  reference(held: HeldLane, position: string): PostgresParkedReference {
    return {
      takeOut: async (query, fate) => (await this.#held.takeOut(query, held, position, fate)) === 'taken',
    }
  }
}

/** How the ledger of the same database takes a redriven record out of the lot. */
export interface PostgresParkedReference {
  /**
   * Takes it out in the transaction that has its effect. False when it is not in the lot any more, or the lane not held by
   * who redrives it: then the effect must not be committed.
   */
  takeOut(query: Query, fate: Fate): Promise<boolean>
}

function fenceKeyOf({ consumer, tableName, streamLabel, shardId }: ShardFence): string[] {
  return [consumer, tableName, streamLabel, shardId]
}

function pastOf(row: Row): PastRecord {
  const reason = textIn(row, 'reason')
  return {
    position: textIn(row, 'position') ?? '',
    eventId: textIn(row, 'event') ?? '',
    sequenceNumber: parseSequenceNumber(textIn(row, 'number'), 'sequenceNumber'),
    attempts: numberIn(row, 'attempts'),
    outcome: (textIn(row, 'outcome') ?? 'dropped') as Fate['outcome'],
    at: numberIn(row, 'at'),
    by: textIn(row, 'by') ?? '',
    ...(reason === undefined ? {} : { reason }),
  }
}
