import {
  BatchWriteItemCommand,
  type AttributeValue,
  type DynamoDBClient,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb'
import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicMs } from './monotonic.ts'
import type { Stall } from './journal.ts'
import type { Transfer } from './transfers.ts'
import type { Version } from './versions.ts'

const mostInBatch = 25 // DynamoDB's limit
const steadyMs = 50 // apart, where there are few: what a takeover takes shows only in a steady stream

export interface ProducerOptions {
  readonly client: DynamoDBClient
  readonly tableNames: readonly string[]
  readonly insertCount: number
  /** Over which the inserts are spread evenly. */
  readonly durationMs: number
  /** A request that takes longer is a stall of the service. */
  readonly stallMs: number
  /** What is produced, in this order: the versions of a round at once. */
  readonly rounds: Iterable<readonly Version[]>
  /** Whether the fleet is too far behind: then it is waited for. @default never */
  readonly isAhead?: (putCount: number) => boolean
}

/**
 * Puts version after version of each key. A version of a key is sent only after the one before has been answered, so that
 * the stream holds them in this order; an unanswered put is repeated, of which a stream says nothing since nothing changes.
 */
export class Producer {
  readonly produced = new Map<string, number>()
  readonly transfers: Transfer[] = []
  /** Times in which the service took too long: what a worker that depends on it may take for its own death. */
  readonly stalls: Stall[] = []
  readonly #options: ProducerOptions
  #putCount = 0

  constructor(options: ProducerOptions) {
    this.#options = options
  }

  get putCount(): number {
    return this.#putCount
  }

  /** Resolves when all is written. */
  async run(): Promise<void> {
    const { durationMs, insertCount, isAhead = () => false } = this.#options
    const startedAt = monotonicMs()
    const due = (count: number) => sleep(Math.max(0, startedAt + (durationMs * count) / insertCount - monotonicMs()))
    const batchSize = Math.min(mostInBatch, Math.ceil((insertCount / durationMs) * steadyMs))
    for (const round of this.#options.rounds) {
      while (isAhead(this.#putCount)) await sleep(steadyMs)
      const starts = Array.from({ length: Math.ceil(round.length / batchSize) }, (_, index) => index * batchSize)
      // Each at its time, whether or not the one before is answered; of a key there is one version in a round.
      await Promise.all(
        starts.map(async (from) => {
          await due(this.#putCount + from)
          await this.#write(this.#batchOf(round.slice(from, from + batchSize)))
        }),
      )
      for (const { key, n, transfer } of round) {
        this.produced.set(key, n)
        if (transfer !== undefined) this.transfers.push(transfer)
      }
      this.#putCount += round.length
    }
    await due(insertCount)
  }

  #batchOf(versions: readonly Version[]): Record<string, WriteRequest[]> {
    const batch: Record<string, WriteRequest[]> = {}
    for (const version of versions)
      (batch[this.#tableOf(version.key)] ??= []).push({ PutRequest: { Item: itemOf(version) } })
    return batch
  }

  #tableOf(key: string): string {
    const { tableNames } = this.#options
    return tableNames[Number(key.slice(1)) % tableNames.length] ?? ''
  }

  async #write(batch: Record<string, WriteRequest[]>): Promise<void> {
    for (let left = batch; Object.keys(left).length > 0;) {
      const from = monotonicMs()
      const { UnprocessedItems = {} } = await this.#options.client.send(
        new BatchWriteItemCommand({ RequestItems: left }),
      )
      const to = monotonicMs()
      if (to - from > this.#options.stallMs) this.stalls.push({ kind: 'stall', who: '*', from, to })
      left = UnprocessedItems
    }
  }
}

function itemOf({ key, n, transfer }: Version): Record<string, AttributeValue> {
  const item = { pk: { S: key }, n: { N: String(n) } }
  if (transfer === undefined) return item
  return { ...item, from: { S: transfer.from }, to: { S: transfer.to }, amount: { N: String(transfer.amount) } }
}
