import { systemClock } from '../../internal/system.ts'
import type { ParkedAnswer, ParkedLane, ParkedRecords } from '../../parking/parked-records.ts'
import type { ParkedRecord } from '../../parking/parking-lot.ts'
import type { RawRecord } from '../../source/source.ts'
import { connect } from '../aws/dynamodb-connection.ts'
import { existingTable } from '../aws/dynamodb-tables.ts'
import { exitCodes } from '../exit-codes.ts'
import { wrapped } from '../screen.ts'
import { attributesOf } from '../send/dynamodb-attributes.ts'
import { notParked } from './not-parked.ts'
import type { LookedUpOptions } from './parked-options.ts'
import { parkedRecords } from './dynamodb-parked-records.ts'
import { lanesText, recordsText, wholeRecordText } from './parked-text.ts'

// One page of a lane: records may be as large as 400 KB each, and nobody reads more at once.
const pageSize = 100

interface OneRecord extends LookedUpOptions {
  readonly lane: string
  readonly event: string
}

/** Lists the lanes that are parked. */
export function list(options: LookedUpOptions & { readonly check: boolean; readonly json: boolean }): Promise<number> {
  return withParked(options, async (parked) => {
    const lanes = await parked.lanes()
    if (options.json) for (const lane of lanes) console.log(JSON.stringify(lane))
    else console.log(lanesText(options.consumer, lanes, systemClock.now()))
    return options.check && lanes.length > 0 ? exitCodes.failed : exitCodes.ok
  })
}

/** Shows the records of a lane, or one of them whole. */
export function show(
  options: Omit<OneRecord, 'event'> & {
    readonly event: string | undefined
    readonly limit: number
    readonly json: boolean
  },
): Promise<number> {
  const { lane, event, limit, json } = options
  return withParked(options, async (parked) => {
    const found = event === undefined ? await firstRecords(parked, lane, limit) : await oneRecord(parked, lane, event)
    if (found.length === 0) return notParked(event ?? `the lane ${lane}`)
    if (json) for (const record of found) console.log(JSON.stringify(record))
    else
      console.log(event === undefined ? recordsText(found, systemClock.now()) : found.map(wholeRecordText).join('\n'))
    return exitCodes.ok
  })
}

/** Takes a record out for good. */
export function drop(options: OneRecord & { readonly reason: string }): Promise<number> {
  const { lane, event, reason } = options
  return withParked(options, async (parked) => {
    const answer = await parked.drop(lane, event, { reason })
    const left = answer === 'done' ? (await parked.lanes()).find(({ laneId }) => laneId.startsWith(lane)) : undefined
    return told(answer, event, `${event} is dropped; ${leftText(left)}`)
  })
}

function leftText(lane: ParkedLane | undefined): string {
  if (lane === undefined) return 'nothing else was in its lane: what comes of its item is handled again'
  const { recordCount } = lane
  return `${recordCount} more ${recordCount === 1 ? 'waits' : 'wait'} in its lane for a redrive`
}

/** Changes a record's images. */
export function edit(
  options: OneRecord & { readonly newImage: object | undefined; readonly oldImage: object | undefined },
): Promise<number> {
  const { lane, event, newImage, oldImage } = options
  return withParked(options, async (parked) => {
    const change = (record: RawRecord): RawRecord => ({
      ...record,
      dynamodb: {
        ...record.dynamodb,
        ...(newImage === undefined ? {} : { NewImage: attributesOf(newImage) }),
        ...(oldImage === undefined ? {} : { OldImage: attributesOf(oldImage) }),
      },
    })
    return told(await parked.edit(lane, event, change), event, `${event} is changed; the record as it came is kept`)
  })
}

async function withParked(options: LookedUpOptions, use: (parked: ParkedRecords) => Promise<number>): Promise<number> {
  const connection = await connect(options)
  try {
    if (options.module === undefined)
      await existingTable(connection, options.parkingTable, ', or name the table with --parking-table')
    return await use(await parkedRecords(connection, options))
  } finally {
    await connection.close()
  }
}

async function firstRecords(parked: ParkedRecords, lane: string, limit: number): Promise<readonly ParkedRecord[]> {
  const found: ParkedRecord[] = []
  for (;;) {
    const after = found.at(-1)?.position
    const page = await parked.records(lane, {
      limit: Math.min(pageSize, limit - found.length),
      ...(after === undefined ? {} : { after }),
    })
    found.push(...page)
    if (page.length === 0 || found.length >= limit) return found
  }
}

async function oneRecord(parked: ParkedRecords, lane: string, event: string): Promise<readonly ParkedRecord[]> {
  const record = await parked.get(lane, event)
  return record === undefined ? [] : [record]
}

function told(answer: ParkedAnswer, event: string, done: string): number {
  switch (answer) {
    case 'done':
      console.log(wrapped(done))
      return exitCodes.ok
    case 'not-found':
      return notParked(event)
    case 'busy':
      console.error('somebody redrives this lane right now: try again when that is over')
      return exitCodes.failed
    case 'lost':
      console.error('the lane went to a redrive in the middle of it, and nothing was changed')
      return exitCodes.failed
  }
}
