import { leaseIdOf } from '../../leases/lease.ts'
import type { FinishedLease, SeenShard } from '../../leases/rewind.ts'
import type { ShardListing } from '../../source/stream-reading.ts'
import type { Fleet } from '../fleet/dynamodb-fleet.ts'
import { showProgress } from '../progress.ts'
import type { CountAgain } from './dynamodb-again.ts'
import { isFrom, type ReplayFrom } from './replay-from.ts'
import { type AgainCount, noneAgain, type ScannedShard, seenShard } from './replay-plan.ts'
import { settledRecords, type ShardRecord } from '../fleet/shard-records.ts'

/** What is looked for in the stream, and what counts it. */
export interface Scan {
  readonly from: ReplayFrom
  readonly count: CountAgain
}

const atOnce = 4

/** Reads what is settled of every shard that the stream has, some at a time. */
export async function scanStream(
  { stream, reading, leases }: Fleet,
  finished: readonly FinishedLease[],
  scan: Scan,
): Promise<readonly ScannedShard[]> {
  const { streamArn, streamLabel } = stream
  const leased = await leases.list()
  const listing = (await reading.describe(streamArn))?.shards ?? []
  const progress = showProgress('reading records')
  let readCount = 0
  const waiting = [...listing.entries()]
  const found: ScannedShard[] = []
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, shard] = next
      const seen = seenShard(leaseIdOf({ streamLabel, shardId: shard.shardId }), leased, finished)
      const tally = new ShardTally(shard.shardId, scan)
      if (seen !== undefined)
        for await (const page of settledRecords(reading, streamArn, shard.shardId, settledOf(seen))) {
          await tally.take(page)
          progress.at((readCount += page.length))
        }
      found[index] = tally.scanned(shard, seen)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  progress.end()
  return found
}

function settledOf(seen: SeenShard) {
  return 'lease' in seen ? seen.lease.checkpoint : ('all' as const)
}

/** Counts the settled records of a shard, all of them and those from the wanted place on. */
class ShardTally {
  readonly #shardId: string
  readonly #scan: Scan
  #first: ScannedShard['first']
  #again: AgainCount = noneAgain
  #anew: AgainCount = noneAgain

  constructor(shardId: string, scan: Scan) {
    this.#shardId = shardId
    this.#scan = scan
  }

  async take(page: readonly ShardRecord[]): Promise<void> {
    const { from } = this.#scan
    const start =
      this.#first === undefined ? page.findIndex(({ raw, sequenceNumber }) => isFrom(from, raw, sequenceNumber)) : 0
    const first = start < 0 ? undefined : page[start]
    if (first !== undefined) this.#first ??= { at: first.sequenceNumber, before: first.before }
    const wanted = await this.#count(start < 0 ? [] : page.slice(start))
    this.#again = sum(this.#again, wanted)
    this.#anew = sum(this.#anew, sum(wanted, await this.#count(start < 0 ? page : page.slice(0, start))))
  }

  scanned({ shardId, parentShardId }: ShardListing, seen: SeenShard | undefined): ScannedShard {
    return { shardId, parentShardId, seen, first: this.#first, again: this.#again, anew: this.#anew }
  }

  async #count(records: readonly ShardRecord[]): Promise<AgainCount> {
    return records.length === 0 ? noneAgain : this.#scan.count(this.#shardId, records)
  }
}

function sum(a: AgainCount, b: AgainCount): AgainCount {
  return {
    delivered: a.delivered + b.delivered,
    absorbed: a.absorbed + b.absorbed,
    filtered: a.filtered + b.filtered,
    parked: a.parked + b.parked,
    untold: a.untold + b.untold,
  }
}
