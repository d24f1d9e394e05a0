import assert from 'node:assert/strict'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Context, DynamoDBStreamEvent } from 'aws-lambda'
import { meter, type Usage } from 'tidemark/testing'
import { insertsText } from '../support/events.ts'
import { timed, type Timing } from '../support/timing.ts'
import type { Function, Make } from './contestant.ts'

const context = { functionName: 'bench', getRemainingTimeInMillis: () => 60_000 } as Context

/** Whether the batch comes for the first time. */
export type Case = 'fresh' | 'seen before'

/** A contestant's function, and what it took. It is an error if it does not run the effect once for each record. */
export class MeasuredFunction {
  readonly timings: Record<Case, Timing[]> = { fresh: [], 'seen before': [] }
  readonly usage: Record<Case, Usage>
  readonly #function: Function
  readonly #metered: Function
  readonly #meter: { usage(): Usage; reset(): void }
  #effects = 0

  constructor(make: Make, client: DynamoDBClient, tableName: string) {
    const count = () => void (this.#effects += 1)
    const metered = meter(client)
    this.#meter = metered
    this.usage = { fresh: metered.usage(), 'seen before': metered.usage() }
    this.#function = make(client, tableName, count)
    this.#metered = make(metered.client, tableName, count)
  }

  async turn(size: number): Promise<void> {
    const text = insertsText(size)
    this.timings.fresh.push(await this.#deliver(text, size))
    this.timings['seen before'].push(await this.#deliver(text, 0))
  }

  async countRequests(size: number): Promise<void> {
    const text = insertsText(size)
    for (const [name, effects] of [
      ['fresh', size],
      ['seen before', 0],
    ] as const) {
      this.#meter.reset()
      await this.#deliver(text, effects, this.#metered)
      this.usage[name] = this.#meter.usage()
    }
  }

  forget(): void {
    for (const timings of Object.values(this.timings)) timings.length = 0
  }

  async #deliver(text: string, effects: number, lambda: Function = this.#function): Promise<Timing> {
    const event = JSON.parse(text) as DynamoDBStreamEvent
    const before = this.#effects
    let failures: readonly unknown[] = []
    const timing = await timed(async () => ({ batchItemFailures: failures } = await lambda(event, context)))
    assert.deepEqual([this.#effects - before, failures], [effects, []])
    return timing
  }
}
