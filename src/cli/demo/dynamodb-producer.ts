import { DeleteItemCommand, PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { systemRandom } from '../../internal/system.ts'
import { messageTable } from './dynamodb-tables.ts'

/** Puts messages as a producer does that never knows whether a put arrived: again and again, some of them much later. */
export class Producer {
  readonly messageIds: readonly string[]
  readonly #dynamodb: DynamoDBClient
  readonly #poisonId: string
  putCount = 0

  constructor(dynamodb: DynamoDBClient, messageCount: number) {
    this.#dynamodb = dynamodb
    const ids = Array.from({ length: messageCount }, (_, number) => `message-${String(number).padStart(6, '0')}`)
    this.#poisonId = ids[Math.floor(messageCount * 0.4)] ?? ''
    this.messageIds = ids.filter((id) => id !== this.#poisonId)
  }

  /** Produces every message, several at a time; resolves when all are in the table. */
  async run(): Promise<void> {
    const waiting = [...this.messageIds, this.#poisonId].toSorted().toReversed()
    const work = async () => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) await this.#produce(id)
    }
    await Promise.all(Array.from({ length: 8 }, work))
  }

  async #produce(id: string): Promise<void> {
    await this.#put(id)
    // The reply was lost, or came too late: the same message again, of which the stream says nothing at all…
    if (chance(0.2)) await this.#put(id)
    // …or that with a field changed, which the stream calls MODIFY…
    if (chance(0.1)) await this.#put(id, 2)
    // …or that of one that was cleared away meanwhile, and this is an INSERT like the first.
    if (id !== this.#poisonId && chance(0.05)) {
      await this.#dynamodb.send(new DeleteItemCommand({ TableName: messageTable, Key: { id: { S: id } } }))
      await this.#put(id, 3)
    }
  }

  async #put(id: string, attempt = 1): Promise<void> {
    this.putCount += 1
    const total = id === this.#poisonId ? undefined : { N: String(1 + (id.length % 7)) }
    const item = { id: { S: id }, attempt: { N: String(attempt) }, ...(total === undefined ? {} : { total }) }
    await this.#dynamodb.send(new PutItemCommand({ TableName: messageTable, Item: item }))
  }
}

function chance(probability: number): boolean {
  return systemRandom.next() < probability
}
