import { PutItemCommand, type AttributeValue, type TableDescription } from '@aws-sdk/client-dynamodb'
import { systemClock, systemRandom } from '../../internal/system.ts'
import type { AwsOptions } from '../aws/aws-options.ts'
import { connect, type Connection } from '../aws/dynamodb-connection.ts'
import { existingTable } from '../aws/dynamodb-tables.ts'
import { exitCodes } from '../exit-codes.ts'
import { showProgress } from '../progress.ts'
import { attributesOf } from './dynamodb-attributes.ts'
import { sampleItem } from '../dynamodb-sample-item.ts'
import { takeStopSignals } from '../stop-signals.ts'

/** How sample items are put. */
export interface SendSamples {
  readonly table: string
  readonly count: number
  readonly keys: number | undefined
  readonly rate: number | undefined
  readonly aws: AwsOptions
}

/** Puts one item. */
export async function sendItem(table: string, item: object, aws: AwsOptions): Promise<number> {
  const connection = await connect(aws)
  try {
    await existingTable(connection, table)
    await put(connection, table, attributesOf(item))
    console.log(`1 item put into ${table} in ${connection.place}`)
    return exitCodes.ok
  } finally {
    await connection.close()
  }
}

const atOnce = 10

/** Puts sample items, several at a time, until all are put or a signal stops it. */
export async function sendSamples({ table, count, keys = count, rate = Infinity, aws }: SendSamples): Promise<number> {
  const connection = await connect(aws)
  const signals = takeStopSignals(systemClock, () => {})
  const progress = showProgress('putting')
  const { stopping } = signals
  const startedAt = systemClock.monotonic()
  const series = systemRandom.id().slice(0, 6)
  let doneCount = 0
  try {
    const description = await existingTable(connection, table)
    // Each worker has keys of its own: the puts of a key come one after the other.
    const work = async (worker: number) => {
      for (let number = 0; number < count && !stopping.aborted; number += 1) {
        if ((number % keys) % atOnce !== worker) continue
        const waitMs = startedAt + (number * 1_000) / rate - systemClock.monotonic()
        if (waitMs > 0) await systemClock.sleep(waitMs, stopping)
        if (stopping.aborted) return
        await put(connection, table, sample(description, series, number, keys))
        doneCount += 1
        progress.at(doneCount, count)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, (_, worker) => work(worker)))
    progress.end()
    console.log(`${doneCount} items put into ${table} in ${connection.place}`)
    return doneCount === count ? exitCodes.ok : exitCodes.failed
  } finally {
    progress.end()
    signals.end()
    await connection.close()
  }
}

// A put that changes nothing is not in the stream: each round over the keys says which it is.
function sample(table: TableDescription, series: string, number: number, keys: number): Record<string, AttributeValue> {
  const round = Math.floor(number / keys) + 1
  return { ...sampleItem(table, series, (number % keys) + 1), round: { N: String(round) } }
}

async function put({ dynamodb }: Connection, table: string, item: Record<string, AttributeValue>): Promise<void> {
  await dynamodb.send(new PutItemCommand({ TableName: table, Item: item }))
}
