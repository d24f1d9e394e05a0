import { systemClock, systemRandom } from '../../internal/system.ts'
import type { CompiledPattern } from '../../select/compile-pattern.ts'
import { streamReading } from '../../source/dynamodb-streams.ts'
import type { RawRecord } from '../../source/source.ts'
import type { AwsOptions } from '../aws/aws-options.ts'
import { connect, type Connection } from '../aws/dynamodb-connection.ts'
import { tableWithStream } from '../aws/dynamodb-tables.ts'
import { exitCodes } from '../exit-codes.ts'
import { takeStopSignals } from '../stop-signals.ts'
import { changeJson, changeText } from './change-text.ts'
import { shownChange } from './shown-change.ts'
import { StreamTail } from './stream-tail.ts'
import type { TailFrom } from './tail-command.ts'

/** What `tidemark tail` was asked to do. */
export interface TailOptions extends AwsOptions {
  readonly table: string
  readonly from: TailFrom
  readonly filter: CompiledPattern | undefined
  readonly limit: number | undefined
  readonly json: boolean
}

// A record's time has whole seconds, rounded down, and comes from another clock than ours.
const slackMs = 5_000

/** Shows changes until it is stopped, or has shown as many as asked for; resolves with the exit code. */
export async function tail(options: TailOptions): Promise<number> {
  const connection = await connect(options)
  const signals = takeStopSignals(systemClock, () => {})
  const over = new AbortController()
  void signals.first.then(() => over.abort())
  try {
    await follow(options, connection, over)
    return exitCodes.ok
  } finally {
    signals.end()
    await connection.close()
  }
}

async function follow(options: TailOptions, connection: Connection, over: AbortController) {
  const { streams, place } = connection
  const { table, from } = options
  const { streamArn } = await tableWithStream(connection, table)
  for (const warning of options.filter?.warnings ?? []) console.error(`--filter: ${warning}`)
  const show = showing(options, () => over.abort())
  const stream = new StreamTail({
    ...{ reading: streamReading(streams), streamArn, startAt: from.startAt },
    ...{ clock: systemClock, random: systemRandom, signal: over.signal },
    onRecords: show,
    onTrouble: (shardId, what) => console.error(`${shardId} ${what}`),
  })
  await stream.start()
  const shards = stream.shardCount === 1 ? '1 shard' : `${stream.shardCount} shards`
  // Not on the standard output, which is for changes alone.
  if (!over.signal.aborted) console.error(`watching ${table} in ${place}, ${shards}; Ctrl+C ends it`)
  await stream.run()
}

function showing({ from, filter, limit = Infinity, json }: TailOptions, onLimit: () => void) {
  const notBefore = notBeforeOf(from, systemClock.now())
  let shownCount = 0
  return (shardId: string, records: readonly RawRecord[]): void => {
    for (const raw of records) {
      if (shownCount >= limit) return
      if (createdAt(raw) < notBefore || filter?.matches(raw) === false) continue
      const change = shownChange(raw, shardId)
      console.log(json ? changeJson(change) : changeText(change))
      shownCount += 1
      if (shownCount === limit) onLimit()
    }
  }
}

/** Also with `latest` what is older is dropped: a reader whose first iterator is lost goes back to the horizon. */
function notBeforeOf({ startAt, sinceMs }: TailFrom, now: number): number {
  if (startAt === 'LATEST') return now - slackMs
  return sinceMs === undefined ? -Infinity : now - sinceMs
}

function createdAt({ dynamodb }: RawRecord): number {
  const at = dynamodb?.ApproximateCreationDateTime
  return at instanceof Date ? at.getTime() : Infinity
}
