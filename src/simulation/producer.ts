import { DeleteItemCommand, PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb'
import type { Actor } from './actor.ts'
import type { NetworkClient } from './network.ts'
import type { WorkloadHabits } from './profile.ts'
import type { SeededRandom } from './random.ts'
import { itemsTable } from './simulated-database.ts'

/** Two of these are one number to whoever rounds. */
const hugeBase = 9_007_199_254_740_992n

/** Writes items: inserts, changes, deletes and inserts again, puts the same twice, lets some expire. */
export class Producer {
  readonly #workload: WorkloadHabits
  readonly #actor: Actor
  readonly #random: SeededRandom
  readonly #client: NetworkClient
  #version = 0

  constructor(workload: WorkloadHabits, actor: Actor, client: NetworkClient) {
    this.#workload = workload
    this.#actor = actor
    this.#random = actor.random.fork('writes')
    this.#client = client
  }

  async run(): Promise<void> {
    const { writeCount, everyMs } = this.#workload
    for (let count = 0; count < writeCount; count += 1) {
      await this.#write()
      await this.#actor.clock.sleep(this.#random.next() * everyMs)
    }
  }

  async #write(): Promise<void> {
    const workload = this.#workload
    const random = this.#random
    const id = this.#key(random.integer(1, workload.itemCount))
    const [isDelete, isSame, isPoison] = [workload.deletes, workload.same, workload.poison].map((p) => random.chance(p))
    const [isUndecodable, expires] = [random.chance(workload.undecodable), random.chance(workload.expires)]
    if (isDelete === true) return this.#send(() => new DeleteItemCommand({ TableName: itemsTable, Key: { id } }))
    if (isSame !== true) this.#version += 1
    const item: Record<string, AttributeValue> = { id, version: { N: String(this.#version) } }
    if (isPoison === true)
      item['poison'] = workload.ills === undefined ? { BOOL: true } : { S: random.pick(workload.ills) }
    if (isUndecodable && !workload.hugeKeys) item['total'] = { N: '9007199254740993' }
    if (expires) item['expiresAt'] = { N: String(Math.floor(this.#actor.clock.now() / 1000) + random.integer(1, 4)) }
    return this.#send(() => new PutItemCommand({ TableName: itemsTable, Item: item }))
  }

  #key(number: number): AttributeValue {
    return this.#workload.hugeKeys ? { N: String(hugeBase + BigInt(number)) } : { S: `item-${number}` }
  }

  // A producer that does not hear tries again, and may so write twice.
  async #send(command: () => object): Promise<void> {
    for (;;)
      try {
        await this.#client.send(command())
        return
      } catch {
        await this.#actor.clock.sleep(50 + 200 * this.#random.next())
      }
  }
}
