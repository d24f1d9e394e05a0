import type { DynamoDBSender } from '../../src/dynamodb.ts'
import { deferred } from './deferred.ts'
import { intercept } from './intercept.ts'

/**
 * A process that dies at its n-th step. Every await of the code under test is a step before and a step after: what is
 * under way in the server goes on, nothing in the process ever does again.
 */
export class Mortal {
  readonly #diesAt: number
  readonly #death = deferred()
  #steps = 0

  constructor(diesAt: number) {
    this.#diesAt = diesAt
  }

  get isDead(): boolean {
    return this.#steps >= this.#diesAt
  }

  /** Resolves when it dies. */
  get death(): Promise<void> {
    return this.#death.promise
  }

  /** A place where the process may die; then it never returns. */
  async step(): Promise<void> {
    this.#steps += 1
    if (this.#steps === this.#diesAt) this.#death.resolve()
    if (this.isDead) await new Promise<never>(() => {})
  }

  /** A client used by this process. A batch that is under way at its death is applied in part: its last rows only. */
  client(client: DynamoDBSender): DynamoDBSender {
    return intercept(client, async ({ name, input }, send) => {
      await this.step()
      if (name === 'BatchWriteItemCommand' && this.#steps + 1 === this.#diesAt) await send(lastHalf(input))
      else {
        const answer = await send()
        await this.step()
        return answer
      }
      await this.step()
      return {}
    })
  }
}

function lastHalf(input: Record<string, unknown>): object {
  const tables = input['RequestItems'] as Record<string, unknown[]>
  const halves = Object.entries(tables).map(([table, rows]) => [table, rows.slice(Math.floor(rows.length / 2))])
  return { RequestItems: Object.fromEntries(halves) as object }
}
