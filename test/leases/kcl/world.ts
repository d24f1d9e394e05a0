import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Clock } from '../../../src/internal/clock.ts'
import { systemRandom } from '../../../src/internal/system.ts'
import { DynamoDBLeaseTable } from '../../../src/leases/dynamodb/lease-table.ts'
import { DynamoDBLeaseTransfers } from '../../../src/leases/dynamodb/lease-transfers.ts'
import { DynamoDBMemberTable } from '../../../src/leases/dynamodb/member-table.ts'
import type { TransferFleet } from '../../../src/leases/kcl/transfer.ts'

/**
 * A clock whose hours pass in no time, and what happens meanwhile. Its wall clock is the machine's: DynamoDB Local deletes
 * by that what has expired.
 */
export function hastyClock(meanwhile: () => Promise<void> = () => Promise.resolve()): Clock {
  let elapsed = 0
  return {
    now: () => Date.now() + elapsed,
    monotonic: () => elapsed,
    async sleep(ms) {
      elapsed += ms
      await meanwhile()
    },
    schedule: () => () => {},
  }
}

export function fleetOf(client: DynamoDBClient, tableName: string, consumer = 'receipts'): TransferFleet {
  const options = {
    client,
    tableName,
    fleet: { consumer, tableName: 'orders' },
    clock: hastyClock(),
    random: systemRandom,
  }
  return {
    leases: new DynamoDBLeaseTable(options),
    members: new DynamoDBMemberTable(options),
    transfers: new DynamoDBLeaseTransfers(options),
  }
}
