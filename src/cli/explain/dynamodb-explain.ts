import { systemClock } from '../../internal/system.ts'
import { idempotencyKeyOf } from '../../record/identity.ts'
import { exitCodes } from '../exit-codes.ts'
import { type Fleet, type FleetOptions, withFleet } from '../fleet/dynamodb-fleet.ts'
import { Marks } from '../fleet/dynamodb-marks.ts'
import { identifier, type IdentifyOptions } from '../fleet/identify.ts'
import { wrapped } from '../screen.ts'
import { shownChange, keyText } from '../tail/shown-change.ts'
import { laneIdOf, positionOf } from '../../parking/lane-name.ts'
import type { ParkedRecords } from '../../parking/parked-records.ts'
import type { ParkedRecord } from '../../parking/parking-lot.ts'
import { parkedRecords } from '../parked/dynamodb-parked-records.ts'
import { laneKeyOf } from '../fleet/peek.ts'
import { type Finding, findRecords } from './find-records.ts'
import { type Verdict, verdictOf } from './verdict.ts'
import { type KeyShape, type Wanted, wantedOf } from './wanted.ts'

/** What `tidemark explain` was asked to do. */
export interface ExplainOptions extends FleetOptions, IdentifyOptions {
  readonly what: string
  readonly ledgerTable: string | undefined
  readonly parkingTable: string | undefined
  readonly json: boolean
}

/** Explains each change that is asked about; the exit code says whether any was found. */
export function explain(options: ExplainOptions): Promise<number> {
  return withFleet(options, async (fleet) => {
    const wanted = wantedOf(options.what, keyShape(fleet))
    const identify = await identifier(options)
    const { client, tableName } = fleet.coordination
    const marks = new Marks(client, options.ledgerTable ?? tableName, options.consumer)
    const parkingTable = options.parkingTable ?? tableName
    const parkedOnes = await parkedRecords(fleet.connection, { ...options, parkingTable })
    const findings = await findRecords(fleet, wanted)
    for (const finding of findings) {
      const examined = identify(finding.record.raw)
      const { idempotencyKey } = examined
      const remembered = idempotencyKey === undefined ? undefined : await marks.read(idempotencyKey)
      const parking = await parkingOf(finding, fleet, parkedOnes)
      const evidence = { ...finding, ...parking, examined, remembered, now: systemClock.now() }
      tell(finding, verdictOf(evidence), options, idempotencyKey)
    }
    if (findings.length > 0) return exitCodes.ok
    return forgotten(wanted, fleet, marks, options)
  })
}

const mostPast = 1_000

/** What the parking lot knows of a record. */
async function parkingOf(
  { record: { raw, sequenceNumber } }: Finding,
  { name: { tableName }, stream }: Fleet,
  records: ParkedRecords,
) {
  const lane = { tableName, laneKey: laneKeyOf(raw) }
  const position = positionOf(stream.streamLabel, sequenceNumber)
  const parked = await parkedAt(records, laneIdOf(lane), position)
  if (parked !== undefined) return { parked, past: undefined }
  return { parked, past: (await records.past(lane, mostPast)).find((one) => one.position === position) }
}

async function parkedAt(records: ParkedRecords, laneId: string, position: string): Promise<ParkedRecord | undefined> {
  let after: string | undefined
  for (;;) {
    const page = await records.records(laneId, { limit: 100, ...(after === undefined ? {} : { after }) })
    const last = page.at(-1)
    const found = page.find((one) => one.position === position)
    if (found !== undefined || last === undefined || last.position >= position) return found
    after = last.position
  }
}

function keyShape({ stream: { table } }: Fleet): KeyShape {
  const { KeySchema = [], AttributeDefinitions = [] } = table
  return KeySchema.map(({ AttributeName: name = '' }) => {
    const type = AttributeDefinitions.find(({ AttributeName }) => AttributeName === name)?.AttributeType ?? 'S'
    return { name, type }
  })
}

function tell(
  { record: { raw, sequenceNumber }, shardId }: Finding,
  { outcome, why }: Verdict,
  { json }: ExplainOptions,
  idempotencyKey: string | undefined,
): void {
  const at = raw.dynamodb?.ApproximateCreationDateTime
  const createdAt = at instanceof Date ? at.toISOString() : undefined
  const { eventID: eventId, eventName } = raw
  if (json) {
    console.log(
      JSON.stringify({ outcome, why, eventId, eventName, createdAt, shardId, sequenceNumber, idempotencyKey }),
    )
    return
  }
  const shown = shownChange(raw, shardId)
  const key = 'record' in shown ? keyText(shown.record.keys) : 'an item whose key can not be read'
  console.log(wrapped(`${createdAt ?? ''} ${eventName ?? '?'} ${key}`))
  console.log(wrapped(`  event ${eventId ?? '?'}`, '    '))
  console.log(wrapped(`  ${outcome.toUpperCase()}: ${why}`, '    '))
}

/** The stream keeps a day, the ledger a week: a mark can be found by the identity alone. */
async function forgotten(
  { eventId, laneKey }: Wanted,
  { stream: { streamLabel } }: Fleet,
  marks: Marks,
  { consumer, table, identity, json, what }: ExplainOptions,
): Promise<number> {
  const name =
    eventId === undefined
      ? identity === 'message'
        ? `message:${table}/${laneKey ?? ''}`
        : undefined
      : `record:${streamLabel}:${eventId}`
  const remembered = name === undefined ? undefined : await marks.read(idempotencyKeyOf(consumer, name))
  const done = remembered?.completed
  if (json) console.log(JSON.stringify({ outcome: done === undefined ? 'not-found' : 'handled', what, ...done }))
  else if (done === undefined)
    console.log(
      wrapped(`The stream of ${table} has no change of '${what}' (it keeps 24 hours), nor does the ledger know one.`),
    )
  else
    console.log(
      wrapped(
        `HANDLED: event ${done.eventId} took effect ${new Date(done.at).toISOString()}; the stream no longer has it.`,
      ),
    )
  return done === undefined ? exitCodes.failed : exitCodes.ok
}
