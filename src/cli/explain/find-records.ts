import { leaseIdOf } from '../../leases/lease.ts'
import type { ShardListing } from '../../source/stream-reading.ts'
import type { Fleet } from '../fleet/dynamodb-fleet.ts'
import { type ShardRecord, shardRecords, type Settled } from '../fleet/shard-records.ts'
import { showProgress } from '../progress.ts'
import type { ShardStand } from './verdict.ts'
import type { Wanted } from './wanted.ts'

/** A record that was asked about, where it was found. */
export interface Finding {
  readonly shardId: string
  readonly record: ShardRecord
  readonly shard: ShardStand
}

interface Progressed {
  readonly settled: Settled
  readonly stand: Omit<ShardStand, 'isPassed'>
}

const atOnce = 4

/** Looks through all shards that the stream has, some at a time; in the order of their shards. */
export async function findRecords(fleet: Fleet, wanted: Wanted): Promise<readonly Finding[]> {
  const progressOf = await progressReader(fleet)
  const listing = (await fleet.reading.describe(fleet.stream.streamArn))?.shards ?? []
  const progress = showProgress('reading records')
  let readCount = 0
  const onRead = (count: number) => progress.at((readCount += count))
  const found: (readonly Finding[])[] = []
  const waiting = [...listing.entries()]
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      found[next[0]] = await searchShard(fleet, next[1].shardId, progressOf(next[1]), wanted, onRead)
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  progress.end()
  return found.flat()
}

async function searchShard(
  { stream, reading }: Fleet,
  shardId: string,
  { settled, stand }: Progressed,
  wanted: Wanted,
  onRead: (count: number) => void,
): Promise<readonly Finding[]> {
  const found: { readonly record: ShardRecord; readonly position: number }[] = []
  let [position, lastSettled] = [0, -1]
  for await (const page of shardRecords(reading, stream.streamArn, shardId, settled)) {
    for (const record of page) {
      if (record.settled) lastSettled = position
      if (wanted.matches(record.raw)) found.push({ record, position })
      position += 1
    }
    onRead(page.length)
  }
  return found.map(({ record, position: at }) => ({ shardId, record, shard: { ...stand, isPassed: at < lastSettled } }))
}

/** Reads the leases once; the answer is what they say of each shard. */
async function progressReader({
  stream,
  leases,
  transfers,
  members,
}: Fleet): Promise<(shard: ShardListing) => Progressed> {
  const leased = await leases.list()
  const finished = new Set((await transfers.finished()).map(({ shardId }) => shardId))
  const hosts = new Map((await members.list({ consistent: true })).map(({ id, host }) => [id, host]))
  return ({ shardId }) => {
    const lease = leased.find(({ id }) => id === leaseIdOf({ streamLabel: stream.streamLabel, shardId }))
    if (lease !== undefined) {
      const by = lease.owner === undefined ? undefined : (hosts.get(lease.owner) ?? `worker ${lease.owner}`)
      return { settled: lease.checkpoint, stand: { state: 'leased', by } }
    }
    if (finished.has(shardId)) return { settled: 'all', stand: { state: 'finished', by: undefined } }
    const state = leased.length === 0 && finished.size === 0 ? 'unknown' : 'waiting'
    return { settled: 'none', stand: { state, by: undefined } }
  }
}
