import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { dynamodbParkingLot } from '../../src/dynamodb.ts'
import { ParkedRecords } from '../../src/index.ts'
import { changeOf } from './facts.ts'
import { consumerName } from './fleet-consumer.ts'
import type { JournalEntry } from './journal.ts'
import { isPoison, isRedriven, staleEnds, unparked } from './poison.ts'
import { coordinationTableName } from './tables.ts'

/** What became of poison. */
export interface ParkingFacts {
  /** Effects that redrivers brought about: of the poison, and of what had queued behind it. */
  readonly redrivenCount: number
  /** Of those, while changes were still produced and workers disturbed. */
  readonly redrivenInTime: number
  readonly poisonCount: number
  readonly redriverCount: number
  readonly leftParked: readonly string[]
  readonly staleEnds: readonly string[]
  readonly unparked: readonly string[]
}

/** The lanes that are parked at this moment. */
export async function parkedLanes(client: DynamoDBClient) {
  const lot = dynamodbParkingLot({ client, tableName: coordinationTableName })
  return await new ParkedRecords({ consumer: consumerName, lot }).lanes()
}

/** What is left parked, and what redrivers and workers did. */
export async function parkingFacts(
  client: DynamoDBClient,
  facts: {
    readonly produced: ReadonlyMap<string, number>
    readonly entries: readonly JournalEntry[]
    readonly poisonEvery: number
    readonly redriverCount: number
    /** When all was produced, monotonic ms. */
    readonly producedAt: number
  },
): Promise<ParkingFacts> {
  const { produced, entries, poisonEvery, redriverCount, producedAt } = facts
  const lanes = await parkedLanes(client)
  const done = entries.filter(({ kind }) => kind === 'done')
  const poison = new Set(done.filter(({ key, n }) => isPoison(key, n, poisonEvery)).map(changeOf))
  const redriven = done.filter(isRedriven)
  return {
    redrivenCount: redriven.length,
    redrivenInTime: redriven.filter(({ at }) => at <= producedAt).length,
    poisonCount: poison.size,
    redriverCount,
    leftParked: lanes.map(({ laneKey, recordCount }) => `${laneKey}: ${recordCount} records`),
    staleEnds: staleEnds(produced, entries),
    unparked: unparked(entries, poisonEvery),
  }
}
