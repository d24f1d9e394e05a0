import type { Examined } from '../../consumer/examine.ts'
import { errorText } from '../item-key-text.ts'
import type { Remembered } from '../fleet/dynamodb-marks.ts'
import type { ShardRecord } from '../fleet/shard-records.ts'
import type { ParkedRecord, PastRecord } from '../../parking/parking-lot.ts'
import { fit, spanText } from '../screen.ts'

/** Where a record's shard stands with the consumer. */
export interface ShardStand {
  readonly state: 'unknown' | 'waiting' | 'leased' | 'finished'
  /** Who has it, or finished it, for people. */
  readonly by: string | undefined
  /** Whether a record behind this one is settled, so that this one was read. */
  readonly isPassed: boolean
}

/** All that is known of a record. */
export interface Evidence {
  readonly record: ShardRecord
  readonly examined: Examined
  readonly remembered: Remembered | undefined
  /** Its place in the parking lot, while it is there, and what became of it, when it was. */
  readonly parked: ParkedRecord | undefined
  readonly past: PastRecord | undefined
  readonly shard: ShardStand
  /** Epoch ms. */
  readonly now: number
}

/** What became of a record. */
export interface Verdict {
  readonly outcome:
    | 'parked'
    | 'dropped'
    | 'unreadable'
    | 'filtered'
    | 'handled'
    | 'duplicate'
    | 'in-progress'
    | 'uncertain'
    | 'settled'
    | 'held-up'
    | 'not-reached'
    | 'unknown'
  /** In words: what, when, by whom and why. */
  readonly why: string
}

/** Knows one way in which a record can have ended; `undefined` when it is not that. */
type Judge = (evidence: Evidence) => Verdict | undefined

/** The first that knows it has the word. */
const judges: readonly Judge[] = [
  parked,
  unparked,
  filtered,
  completed,
  claimed,
  settled,
  unreadable,
  heldUp,
  notReached,
]

/** Says what became of a record. */
export function verdictOf(evidence: Evidence): Verdict {
  for (const judge of judges) {
    const verdict = judge(evidence)
    if (verdict !== undefined) return verdict
  }
  return {
    outcome: 'unknown',
    why: 'no worker of this consumer knows the stream, and the ledger has nothing: if it runs in Lambda without a ledger, nobody can tell',
  }
}

function parked({ parked: record }: Evidence): Verdict | undefined {
  if (record === undefined) return undefined
  const { error, attempts, parkedAt, host } = record
  const when = `${timeText(parkedAt)} by ${host}`
  if (error === undefined) return { outcome: 'parked', why: `${when}, behind an earlier change of its item` }
  const tried = attempts === 1 ? 'tried once' : `tried ${attempts} times`
  return { outcome: 'parked', why: `${when}, ${tried}: ${fit(`${error.name}: ${error.message}`, 300)}` }
}

function unparked({ past }: Evidence): Verdict | undefined {
  if (past === undefined) return undefined
  const { outcome, reason, at, by } = past
  const why = `out of the parking lot ${timeText(at)} by ${by}${reason === undefined ? '' : `: ${fit(reason, 300)}`}`
  return { outcome, why }
}

function filtered({ examined: { selected, patterns } }: Evidence): Verdict | undefined {
  if (selected) return undefined
  const list = patterns.map((pattern) => JSON.stringify(pattern)).join(' nor ')
  return { outcome: 'filtered', why: `it does not match ${list}` }
}

function completed({ record: { raw }, remembered }: Evidence): Verdict | undefined {
  const done = remembered?.completed
  if (done === undefined) return undefined
  const at = timeText(done.at)
  if (done.eventId === raw.eventID) return { outcome: 'handled', why: `took effect ${at}, as the ledger has noted` }
  return { outcome: 'duplicate', why: `of event ${done.eventId}, which took effect ${at}` }
}

function claimed({ remembered, now }: Evidence): Verdict | undefined {
  const claim = remembered?.claim
  if (claim === undefined) return undefined
  const by = `${claim.owner} began with it ${timeText(claim.at)}`
  if (claim.releasedAt !== undefined)
    return { outcome: 'held-up', why: `${by}, failed, and gave it back ${timeText(claim.releasedAt)}` }
  if (claim.until > now) return { outcome: 'in-progress', why: by }
  return { outcome: 'uncertain', why: `${by} and never said how it ended: its effect may have happened or not` }
}

function settled({ record, examined: { patterns }, shard: { by } }: Evidence): Verdict | undefined {
  if (!record.settled) return undefined
  const who = by === undefined ? '' : `, in the shard of ${by}`
  const how = patterns.length === 0 ? 'handled, or left out by a pattern (--module tells)' : 'handled'
  return { outcome: 'settled', why: `${how}: the checkpoint is past it${who}; the ledger has no mark of it` }
}

function unreadable({ examined: { fault } }: Evidence): Verdict | undefined {
  return fault === undefined ? undefined : { outcome: 'unreadable', why: errorText(fault) }
}

function heldUp({ shard: { isPassed, by } }: Evidence): Verdict | undefined {
  if (!isPassed) return undefined
  const who = by === undefined ? '' : `; its shard is with ${by}`
  return {
    outcome: 'held-up',
    why: `later changes of other items are settled: it, or one before it of its item, fails${who}`,
  }
}

function notReached({ record: { raw }, shard: { state, by }, now }: Evidence): Verdict | undefined {
  if (state === 'unknown' || state === 'finished') return undefined
  const at = raw.dynamodb?.ApproximateCreationDateTime
  const age = at instanceof Date ? `, ${spanText(Math.max(0, now - at.getTime()))} after it was written` : ''
  const why =
    state === 'waiting'
      ? 'its shard waits for its parent, which is not finished'
      : by === undefined
        ? 'nobody has its shard: is a worker alive, or the consumer paused?'
        : `${by} has its shard and has not settled it`
  return { outcome: 'not-reached', why: `${why}${age}` }
}

function timeText(at: number): string {
  return new Date(at).toISOString()
}
