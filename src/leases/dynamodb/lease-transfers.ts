import type { Checkpoint } from '../../checkpoint/checkpoint.ts'
import type { Clock } from '../../internal/clock.ts'
import type { Row } from '../../ledger/dynamodb/rows.ts'
import type { FleetName } from '../coordination.ts'
import { type CoordinationOptions, CoordinationRequests } from './coordination.ts'
import { absent, conditionOf } from './expressions.ts'
import { checkpointChange, leaseRow } from './lease-rows.ts'
import { doneKey, doneRow, leaseKey, leasesKey, prefixes, type RowKey } from './rows.ts'
import { leaseIdOf, type NewLease } from '../lease.ts'
import type { FinishedShard, LeaseTransfers } from '../lease-transfers.ts'

/** What a done row says of who finished the shard: nobody of this fleet, and no epoch of it. */
const elsewhere = { owner: 'import', epoch: 0 } as const

/** The rows of `DynamoDBLeaseTable`, written for a fleet that took no part in what they say. Four write units a row. */
export class DynamoDBLeaseTransfers implements LeaseTransfers {
  readonly #requests: CoordinationRequests
  readonly #fleet: FleetName
  readonly #clock: Clock

  constructor(options: CoordinationOptions) {
    this.#requests = new CoordinationRequests(options)
    this.#fleet = options.fleet
    this.#clock = options.clock
  }

  async createAt(lease: NewLease, checkpoint: Checkpoint): Promise<'created' | 'exists' | 'finished'> {
    const row = { ...leaseRow(this.#fleet, lease, this.#clock.now()), ...checkpointChange(checkpoint).set }
    return this.#create(row, doneKey(this.#fleet, leaseIdOf(lease)), 'exists', 'finished')
  }

  async createFinished(shard: FinishedShard): Promise<'created' | 'exists' | 'finished'> {
    const id = leaseIdOf(shard)
    const { parentShardId } = shard
    const row = {
      ...doneRow(this.#fleet, { id, ...elsewhere }, this.#clock.now()),
      ...(parentShardId === undefined ? {} : { parent: { S: parentShardId } }),
    }
    return this.#create(row, leaseKey(this.#fleet, id), 'finished', 'exists')
  }

  async finished(): Promise<FinishedShard[]> {
    const rows = await this.#requests.query(leasesKey(this.#fleet), prefixes.done, true)
    return rows.map((row) => {
      const [streamLabel = '', shardId = ''] = (row['sk']?.S ?? '').slice(prefixes.done.length).split('#')
      const parent = row['parent']?.S
      return { streamLabel, shardId, ...(parent === undefined ? {} : { parentShardId: parent }) }
    })
  }

  // Puts a row unless it is there, or the other row of its shard is. A reply lost is asked for again with the same token.
  async #create<Here, There>(row: Row, other: RowKey, here: Here, there: There): Promise<'created' | Here | There> {
    const { tableName: TableName } = this.#requests
    const refused = await this.#requests.transact([
      { ConditionCheck: { TableName, Key: other, ...conditionOf(absent) } },
      { Put: { TableName, Item: row, ...conditionOf(absent) } },
    ])
    if (refused === 'committed') return 'created'
    return refused[0] === true ? there : here
  }
}
