import { hasBit, highestBit } from '../../checkpoint/bitmap.ts'
import { systemClock, systemRandom } from '../../internal/system.ts'
import type { Checkpoint } from '../../checkpoint/checkpoint.ts'
import { compareSequenceNumbers, parseSequenceNumber, type SequenceNumber } from '../../record/sequence-number.ts'
import { fromSdkRecord } from '../../source/sdk-record.ts'
import { ShardReader } from '../../source/shard-reader.ts'
import type { RawRecord } from '../../source/source.ts'
import type { StreamReading } from '../../source/stream-reading.ts'

/** A record of a shard. */
export interface ShardRecord {
  readonly raw: RawRecord
  /** Whether the shard's progress says that nothing more is to happen with it. */
  readonly settled: boolean
  readonly sequenceNumber: SequenceNumber
  /** The record before it in its shard, as far as the stream still has it. */
  readonly before: SequenceNumber | undefined
}

/** What is settled of a shard: everything (it is finished), nothing (nobody has begun it), or what a checkpoint says. */
export type Settled = 'all' | 'none' | Checkpoint

// Pages without records at the end of what the stream still has of a shard; see `peek`.
const mostEmptyPages = 5

/** Reads what is settled of a shard, from the oldest record that is left, a page at a time. */
export async function* settledRecords(
  reading: StreamReading,
  streamArn: string,
  shardId: string,
  settled: Settled,
): AsyncGenerator<readonly ShardRecord[]> {
  if (settled === 'none') return
  const last = settled === 'all' ? undefined : (settled.through ?? settled.after)
  if (settled !== 'all' && last === undefined) return
  for await (const page of shardRecords(reading, streamArn, shardId, settled)) {
    yield page.filter((record) => record.settled)
    const end = page.at(-1)?.sequenceNumber
    if (end !== undefined && last !== undefined && compareSequenceNumbers(end, last) >= 0) return
  }
}

/** Reads all that is left of a shard, a page at a time. */
export async function* shardRecords(
  reading: StreamReading,
  streamArn: string,
  shardId: string,
  settled: Settled,
): AsyncGenerator<readonly ShardRecord[]> {
  const over = new AbortController()
  const reader = new ShardReader({
    ...{ reading, streamArn, shardId, position: { type: 'TRIM_HORIZON' }, clock: systemClock, random: systemRandom },
    ...{ signal: over.signal, onTrouble: () => {}, idlePollMs: 200 },
  })
  const isSettled = typeof settled === 'string' ? () => settled === 'all' : settledBy(settled)
  let before: SequenceNumber | undefined
  for (let emptyCount = 0; emptyCount < mostEmptyPages;) {
    const answer = await reader.read()
    if (answer.status !== 'records') return
    emptyCount = answer.records.length === 0 ? emptyCount + 1 : 0
    const page: ShardRecord[] = []
    for (const record of answer.records) {
      const raw = fromSdkRecord(record, streamArn)
      const sequenceNumber = parseSequenceNumber(raw.dynamodb?.SequenceNumber, 'dynamodb.SequenceNumber')
      page.push({ raw, sequenceNumber, before, settled: isSettled(sequenceNumber) })
      before = sequenceNumber
    }
    yield page
  }
}

/** Asked of each record in the shard's order: behind the frontier they are counted, and the bitmap goes by the count. */
function settledBy({ after, from, beyond }: Checkpoint): (sequenceNumber: SequenceNumber) => boolean {
  const end = highestBit(beyond) + 1
  let ordinal = 0
  return (sequenceNumber) => {
    if (after !== undefined && compareSequenceNumbers(sequenceNumber, after) <= 0) return true
    if (after === undefined && from !== undefined && compareSequenceNumbers(sequenceNumber, from) < 0) return false
    const settled = ordinal < end && hasBit(beyond, ordinal)
    ordinal += 1
    return settled
  }
}
