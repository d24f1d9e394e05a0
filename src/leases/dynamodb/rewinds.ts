import type { TransactWriteItem } from '@aws-sdk/client-dynamodb'
import type { Clock } from '../../internal/clock.ts'
import type { Row } from '../../ledger/dynamodb/rows.ts'
import type { FleetName } from '../coordination.ts'
import { type CoordinationOptions, CoordinationRequests } from './coordination.ts'
import { absent, type Condition, conditionOf } from './expressions.ts'
import { asSeen } from './held.ts'
import { checkpointChange, leaseRow } from './lease-rows.ts'
import { doneKey, leaseKey, leasesKey, numberOf, prefixes, wasRow } from './rows.ts'
import type { LeaseId } from '../lease.ts'
import type { FinishedLease, LeaseRewinds, Rewind, RewoundShard, SeenShard } from '../rewind.ts'

// AWS: actions of one transaction.
const mostActions = 100

/**
 * Rewinds in as few transactions as they fit into, nearly always one. Each row must be as it was seen; whoever acquired a
 * lease meanwhile stands against it. A rewound lease has a higher epoch than any before, so that whatever its last owner
 * may still send is refused.
 */
export class DynamoDBLeaseRewinds implements LeaseRewinds {
  readonly #requests: CoordinationRequests
  readonly #fleet: FleetName
  readonly #clock: Clock

  constructor(options: CoordinationOptions) {
    this.#requests = new CoordinationRequests(options)
    this.#fleet = options.fleet
    this.#clock = options.clock
  }

  async finished(): Promise<FinishedLease[]> {
    const rows = await this.#requests.query(leasesKey(this.#fleet), prefixes.done, true)
    return rows.map((row) => ({
      id: (row['sk']?.S ?? '').slice(prefixes.done.length) as LeaseId, // as `doneKey` has made it
      epoch: Number(row['epoch']?.N ?? 0),
    }))
  }

  async rewind({ rewound, takenBack }: Rewind): Promise<'rewound' | 'changed'> {
    // Descendants first: dead in between, they begin anew one day, which repeats and loses nothing. The other way round they
    // would be consumed beside their ancestor, and an item's later changes handled before its earlier ones.
    const steps = [...takenBack.map((seen) => this.#takeBack(seen)), ...rewound.map((shard) => this.#rewind(shard))]
    for (const actions of packed(steps)) if ((await this.#requests.transact(actions)) !== 'committed') return 'changed'
    return 'rewound'
  }

  #takeBack(seen: SeenShard): TransactWriteItem[] {
    const { tableName: TableName } = this.#requests
    const { id, epoch } = 'lease' in seen ? seen.lease : seen.finished
    return [this.#remove(seen), { Put: { TableName, Item: wasRow(this.#fleet, id, epoch, this.#clock.now()) } }]
  }

  #rewind({ seen, lease, checkpoint }: RewoundShard): TransactWriteItem[] {
    const { tableName: TableName } = this.#requests
    const { epoch } = 'lease' in seen ? seen.lease : seen.finished
    const Item: Row = {
      ...leaseRow(this.#fleet, lease, this.#clock.now(), epoch + 1),
      ...checkpointChange(checkpoint).set,
    }
    if ('lease' in seen) return [{ Put: { TableName, Item, ...conditionOf(asSeen(seen.lease)) } }]
    return [this.#remove(seen), { Put: { TableName, Item, ...conditionOf(absent) } }]
  }

  #remove(seen: SeenShard): TransactWriteItem {
    const { tableName: TableName } = this.#requests
    if ('lease' in seen)
      return { Delete: { TableName, Key: leaseKey(this.#fleet, seen.lease.id), ...conditionOf(asSeen(seen.lease)) } }
    const Key = doneKey(this.#fleet, seen.finished.id)
    return { Delete: { TableName, Key, ...conditionOf(finishedIn(seen.finished.epoch)) } }
  }
}

function finishedIn(epoch: number): Condition {
  return { expression: '#epoch = :epoch', names: ['epoch'], values: { epoch: numberOf(epoch) } }
}

/** Steps in their order, as many in a transaction as fit; none is divided. */
function packed(steps: readonly TransactWriteItem[][]): TransactWriteItem[][] {
  const transactions: TransactWriteItem[][] = []
  for (const step of steps) {
    const last = transactions.at(-1)
    if (last !== undefined && last.length + step.length <= mostActions) last.push(...step)
    else transactions.push([...step])
  }
  return transactions
}
