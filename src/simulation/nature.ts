import type { WorldProfile } from './profile.ts'
import type { SimulatedDatabase } from './simulated-database.ts'
import type { World } from './world.ts'

/** When the last thing has happened by itself. */
export function natureEndsMs({ workload, shardChanges }: WorldProfile): number {
  const span = workload.writeCount * workload.everyMs
  if (workload.expires > 0) return span + 5_000
  return shardChanges > 0 ? span : 0
}

/** Lets happen what happens by itself, while the producer writes: items expire, shards are closed. */
export function letNatureRun(world: World, database: SimulatedDatabase): void {
  const { scheduler, profile, random } = world
  const { workload, shardChanges } = profile
  const times = random.fork('shards')
  const span = workload.writeCount * workload.everyMs
  for (let count = 0; count < shardChanges; count += 1) {
    const how = times.pick(['roll', 'split'] as const)
    scheduler.after(times.next() * span, () => {
      world.mark(how === 'roll' ? 'shard rolled' : 'shard split')
      database.changeShards(how)
    })
  }
  if (workload.expires === 0) return
  for (let at = 1_000; at < span + 5_000; at += 1_000)
    scheduler.after(at, () => {
      if (!world.isHealthy && database.expireItems() > 0) world.mark('item removed by time to live')
    })
}
