import assert from 'node:assert/strict'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Context, DynamoDBStreamEvent } from 'aws-lambda'
import { dynamoDBLocalMissing, meter, startDynamoDBLocal, type Usage } from 'tidemark/testing'
import type { Function, Make } from './contestants/contestant.ts'
import { make as powertools } from './contestants/powertools.ts'
import { make as tidemark } from './contestants/tidemark.ts'
import { clientOf, createTable } from './support/dynamodb-tables.ts'
import { insertsText } from './support/events.ts'
import { printTable, shown, times, type Row } from './support/table.ts'
import { least, medians, takeTurns, timed, type Timing } from './support/timing.ts'

// Both functions get new batches in turns, each batch twice, on one server. Time is taken without the meter, requests and
// units are counted in a round of their own: they are the same in every round.

type Case = 'fresh' | 'seen before'

class Contestant {
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

const context = { functionName: 'bench', getRemainingTimeInMillis: () => 60_000 } as Context

const missing = dynamoDBLocalMissing()
if (missing === undefined) await bench()
else console.log(`lambda: left out. ${missing}`)

async function bench(): Promise<void> {
  const server = await startDynamoDBLocal()
  try {
    const pair = await Promise.all(
      Object.entries({ tidemark, powertools }).map(async ([name, make]) => {
        const client = clientOf(server)
        await createTable[name]?.(client, name)
        return new Contestant(make, client, name)
      }),
    )
    await takeTurns(pair, { rounds: 3, seconds: 0 }, (contestant) => contestant.turn(200)) // both are warm now
    await compare(pair, 100, { rounds: 21, seconds: 10 })
    await compare(pair, 1_000, { rounds: 11, seconds: 20 })
  } finally {
    await server.stop()
  }
}

async function compare(pair: readonly Contestant[], size: number, limits: { rounds: number; seconds: number }) {
  for (const contestant of pair) {
    contestant.forget()
    await contestant.countRequests(size)
  }
  const rounds = await takeTurns(pair, limits, (contestant) => contestant.turn(size))
  const [ours, theirs] = pair
  assert.ok(ours !== undefined && theirs !== undefined)
  const rows = (['fresh', 'seen before'] as const).flatMap((name) => rowsOf(name, ours, theirs))
  const title = `A batch of ${shown(size)} records on DynamoDB Local (medians of ${rounds} rounds)`
  printTable(title, ['', 'tidemark', 'powertools', 'ratio'], rows, [
    'aim: fresh, 10 times faster, 40 times fewer requests, half the write units',
  ])
}

function rowsOf(name: Case, ours: Contestant, theirs: Contestant): Row[] {
  const figures = [ours, theirs].map(({ timings, usage }) => ({
    ...medians(timings[name]),
    ...usage[name],
    leastMs: least(timings[name]).wallMs,
  }))
  const [a, b] = figures
  assert.ok(a !== undefined && b !== undefined)
  const row = (label: string, figure: Exclude<keyof typeof a, 'operations'>): Row => [
    label,
    shown(a[figure]),
    shown(b[figure]),
    times(b[figure], a[figure]),
  ]
  return [
    row(`${name}: wall time, ms`, 'wallMs'),
    row('  the least', 'leastMs'),
    row("  the function's CPU time, ms", 'cpuMs'),
    row('  requests', 'requests'),
    row('  read units', 'readUnits'),
    row('  write units', 'writeUnits'),
  ]
}
