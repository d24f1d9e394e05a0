import { replayPlan, seenShard, type ScannedShard } from '../../cli/replay/replay-plan.ts'
import { DynamoDBLeaseRewinds } from '../../leases/dynamodb/rewinds.ts'
import { DynamoDBLeaseTable } from '../../leases/dynamodb/lease-table.ts'
import { leaseIdOf } from '../../leases/lease.ts'
import { parseSequenceNumber } from '../../record/sequence-number.ts'
import type { FleetWatch } from '../workers/fleet-watch.ts'
import { itemsTable, ledgerTable, operatorName } from '../simulated-database.ts'
import type { WorldProfile } from '../profile.ts'
import type { World } from '../world.ts'

const noCount = { delivered: 0, absorbed: 0, filtered: 0, parked: 0, untold: 0 }

/** Moves a fleet that does not work back to the beginning of its stream, as `tidemark replay` does. */
export async function replayFleet(world: World<WorldProfile>, watch: FleetWatch): Promise<void> {
  const { clock, random } = world.actor(operatorName)
  // Its requests always arrive: what may be lost, or come late, is what those send who held the leases.
  const client = {
    send: (command: object) => {
      const { input } = command as { readonly input: object }
      const operation = command.constructor.name.replace(/Command\d*$/, '')
      return Promise.resolve(watch.execute(operation, input, operatorName) as never)
    },
  }
  const fleet = { consumer: watch.history.consumer, tableName: itemsTable }
  const coordination = { client, tableName: ledgerTable, fleet, clock, random }
  const rewinds = new DynamoDBLeaseRewinds(coordination)
  const [leases, finished] = [await new DynamoDBLeaseTable(coordination).list(), await rewinds.finished()]
  watch.truth.look()
  const shards = [...watch.truth.shards]
  const scanned = shards.map(({ streamLabel, shardId, parent, records }): ScannedShard => {
    const seen = seenShard(leaseIdOf({ streamLabel, shardId }), leases, finished)
    const [first] = records
    const at = first === undefined ? undefined : parseSequenceNumber(first.sequenceNumber, 'sequenceNumber')
    return {
      ...{ shardId, parentShardId: parent?.shardId, seen, again: noCount, anew: noCount },
      first: at === undefined ? undefined : { at, before: undefined },
    }
  })
  const { rewind } = replayPlan(shards[0]?.streamLabel ?? '', scanned, { kind: 'trim-horizon' })
  await rewinds.rewind(rewind)
}
