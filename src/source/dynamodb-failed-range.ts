import { RecordsGoneError } from '../errors.ts'
import type { Clock, Random } from '../internal/clock.ts'
import { systemClock, systemRandom } from '../internal/system.ts'
import { compareSequenceNumbers, parseSequenceNumber, type SequenceNumber } from '../record/sequence-number.ts'
import { streamReading, type StreamsSender } from './dynamodb-streams.ts'
import type { FailedRange } from './failure-document.ts'
import { fromSdkRecord, type SdkRecord } from './sdk-record.ts'
import { ShardReader } from './shard-reader.ts'
import type { Batch } from './source.ts'
import type { ReadPosition } from './stream-reading.ts'

/** How a range is read. */
export interface RangeReading {
  readonly streams: StreamsSender
  readonly onGap: 'halt' | 'continue'
  readonly signal?: AbortSignal | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

// An open shard never says that it has no more, but what a document names was written long ago.
const emptyPagesLimit = 20
const idlePollMs = 500

/** Reads a shard from the range's first record to its last one, a batch a page. */
export async function* readFailedRange(range: FailedRange, reading: RangeReading): AsyncGenerator<Batch, void, void> {
  const { streamArn, shardId, start, end } = range
  let reader = readerAt({ type: 'AT_SEQUENCE_NUMBER', at: start }, range, reading)
  let last: SequenceNumber | undefined
  for (let emptyCount = 0; emptyCount < emptyPagesLimit;) {
    const answer = await reader.read()
    reading.signal?.throwIfAborted()
    if (answer.status === 'trimmed' && reading.onGap === 'continue') {
      reader = readerAt({ type: 'TRIM_HORIZON' }, range, reading)
      continue
    }
    if (answer.status !== 'records') break
    const [first = end] = answer.records.map(numberOf)
    if (last === undefined && reading.onGap === 'halt' && compareSequenceNumbers(first, start) > 0) break
    const inside = answer.records.filter((record) => isWithin(numberOf(record), range))
    if (inside.length > 0) yield { records: inside.map((record) => fromSdkRecord(record, streamArn)), shardId }
    last = answer.records.map(numberOf).at(-1) ?? last
    if (last !== undefined && compareSequenceNumbers(last, end) >= 0) return
    emptyCount = answer.records.length === 0 ? emptyCount + 1 : 0
  }
  if (reading.onGap === 'halt') throw gone(range, last)
}

function readerAt(
  position: ReadPosition,
  { streamArn, shardId }: FailedRange,
  { streams, clock = systemClock, random = systemRandom, signal = new AbortController().signal }: RangeReading,
): ShardReader {
  const reading = streamReading(streams, { clock, random })
  return new ShardReader({ reading, streamArn, shardId, position, clock, random, signal, idlePollMs, onTrouble() {} })
}

function isWithin(number: SequenceNumber, { start, end }: FailedRange): boolean {
  return compareSequenceNumbers(number, start) >= 0 && compareSequenceNumbers(number, end) <= 0
}

function numberOf({ dynamodb }: SdkRecord): SequenceNumber {
  const { SequenceNumber } = (dynamodb ?? {}) as { readonly SequenceNumber?: unknown }
  return parseSequenceNumber(SequenceNumber, 'dynamodb.SequenceNumber')
}

function gone(range: FailedRange, last: SequenceNumber | undefined): RecordsGoneError {
  const { shardId, start, end, batchSize } = range
  const read = last === undefined ? 'none of them was read' : `they were read up to ${last}`
  return new RecordsGoneError(
    `of the ${batchSize} failed records from ${start} to ${end} of shard ${shardId} not all are in the stream any more ` +
      `(DynamoDB keeps them for 24 hours); ${read}. Their items tell what became of them; onGap: 'continue' takes what is left`,
    range,
  )
}
