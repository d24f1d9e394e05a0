import type { Checkpoint } from '../../src/checkpoint/checkpoint.ts'
import type { DynamoDBSender } from '../../src/dynamodb.ts'
import { DynamoDBLeaseTable } from '../../src/leases/dynamodb/lease-table.ts'
import { DynamoDBMemberTable } from '../../src/leases/dynamodb/member-table.ts'
import { type HeldLease, type Lease, leaseIdOf, type NewLease } from '../../src/leases/lease.ts'
import { systemRandom } from '../../src/internal/system.ts'
import { parseSequenceNumber } from '../../src/record/sequence-number.ts'
import { createManualClock } from '../../src/testing/manual-clock.ts'
import { lostReply, type Fault } from '../support/intercept.ts'

/** Retries wait by a clock; this one never lets anybody wait. */
export const hasty = { ...createManualClock(), sleep: () => Promise.resolve() }

export const fleet = { consumer: 'receipts', tableName: 'orders' }

export const shard: NewLease = { streamLabel: '2026-01-01T00:00:00.000', shardId: 'shardId-1', startAt: 'TRIM_HORIZON' }
export const shardLease = leaseIdOf(shard)

export function leaseTable(client: DynamoDBSender, tableName: string, options: object = {}): DynamoDBLeaseTable {
  return new DynamoDBLeaseTable({ client, tableName, fleet, clock: hasty, random: systemRandom, ...options })
}

export function memberTable(client: DynamoDBSender, tableName: string, options: object = {}): DynamoDBMemberTable {
  return new DynamoDBMemberTable({ client, tableName, fleet, clock: hasty, random: systemRandom, ...options })
}

export function checkpoint(after: string, ...bytes: number[]): Checkpoint {
  return { after: parseSequenceNumber(after, 'test'), beyond: Uint8Array.from(bytes) }
}

export async function found(leases: DynamoDBLeaseTable): Promise<Lease> {
  const lease = await leases.get(shardLease)
  if (lease === undefined) throw new Error('there is no lease')
  return lease
}

export async function acquired(leases: DynamoDBLeaseTable, owner: string): Promise<HeldLease> {
  const lease = await leases.acquire(await found(leases), owner)
  if (lease === undefined) throw new Error('not acquired')
  return { id: lease.id, owner, epoch: lease.epoch }
}

const broken = () => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })

/** The first request that is a write reaches the server, its reply does not reach us. */
export function losesOneReply(): Fault {
  let left = 1
  return (command, send) => (isWrite(command.name) && left-- > 0 ? lostReply(command, send) : send())
}

/** The first request that is a write does not arrive until it is delivered, long after its sender gave it up. */
export function delays(): { readonly fault: Fault; deliver(): Promise<unknown> } {
  let deliver: (() => Promise<unknown>) | undefined
  return {
    fault: (command, send) => {
      if (!isWrite(command.name) || deliver !== undefined) return send()
      deliver = send
      return Promise.reject(broken())
    },
    deliver: async () => {
      if (deliver === undefined) throw new Error('nothing was sent')
      return deliver().catch((error: unknown) => error)
    },
  }
}

function isWrite(name: string): boolean {
  return /^(Put|Update|Delete|Transact)/.test(name)
}
