import assert from 'node:assert/strict'
import { dynamoDBLocalMissing, startDynamoDBLocal } from 'tidemark/testing'
import { MeasuredFunction, type Case } from './contestants/measured-function.ts'
import { make as powertools } from './contestants/powertools.ts'
import { make as tidemark } from './contestants/tidemark.ts'
import { clientOf, createTable } from './support/dynamodb-tables.ts'
import { printTable, shown, times, type Row } from './support/table.ts'
import { least, medians, takeTurns } from './support/timing.ts'

// Both functions get new batches in turns, each batch twice, on one server. Time is taken without the meter; requests and
// units are counted in a round of their own, since they are the same in every round.

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
        return new MeasuredFunction(make, client, name)
      }),
    )
    await takeTurns(pair, { rounds: 3, seconds: 0 }, (contestant) => contestant.turn(200)) // both are warm now
    await compare(pair, 100, { rounds: 21, seconds: 10 })
    await compare(pair, 1_000, { rounds: 11, seconds: 15 })
  } finally {
    await server.stop()
  }
}

async function compare(pair: readonly MeasuredFunction[], size: number, limits: { rounds: number; seconds: number }) {
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
    "most of our wall time is the server's, which runs on the same cores",
  ])
}

function rowsOf(name: Case, ours: MeasuredFunction, theirs: MeasuredFunction): Row[] {
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
