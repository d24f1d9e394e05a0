import { DeleteItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { describe, expect, test } from 'vitest'
import {
  createTidemarkTable,
  dynamodbLedger,
  dynamodbTransactionLedger,
  type DynamoDBSender,
} from '../../src/dynamodb.ts'
import type { DynamoDBTransaction } from '../../src/ledger/dynamodb/transaction/transaction.ts'
import { createConsumer, silentLogger, type Clock, type Consumer, type Ledger } from '../../src/index.ts'
import { systemClock } from '../../src/internal/system.ts'
import { createEmbeddedDynamoDB } from '../../src/testing.ts'
import { Mortal } from '../support/mortal.ts'
import { isPoison, judge, live, mend, type Effect } from '../support/parking-life.ts'

// In this process: some four hundred lives, each with a table of its own.
const engine = createEmbeddedDynamoDB()
const client = engine as unknown as DynamoDBSender
let tableCount = 0

async function newTable(): Promise<string> {
  const tableName = `tidemark-${(tableCount += 1)}`
  await createTidemarkTable({ client, tableName })
  return tableName
}

interface World {
  readonly tableName: string
  readonly effectTable: string
  /** A claim ledger in one of its modes, or a transactional ledger, whose effects are a list in each item's row. */
  readonly mode: 'retry' | 'park' | 'transaction'
  readonly effects: Effect[]
  isCured: boolean
}

function consumerOf(world: World, process: Mortal, clockOffsetMs: number): Consumer {
  const clock = { ...systemClock, now: () => systemClock.now() + clockOffsetMs }
  const mortal = process.client(client)
  return createConsumer({
    ...{ name: 'c', logger: silentLogger, concurrency: 2, clock, onFailure: 'park' },
    retry: { maxAttempts: 2, baseDelayMs: 0 },
    ledger: ledgerOf(world, mortal, clock),
    async handler({ sequenceNumber, keys }, { transaction }) {
      await process.step()
      const sequence = Number(sequenceNumber)
      if (isPoison(sequence, world.isCured)) throw new Error('poison')
      const item = String(keys['pk'])
      if (transaction === undefined) world.effects.push({ sequence, item })
      else transaction.update(world.effectTable, { pk: item, sk: 'log' }, appending(sequenceNumber))
      await process.step()
    },
  })
}

function ledgerOf(
  { mode, tableName }: World,
  mortal: DynamoDBSender,
  clock: Clock,
): Ledger<DynamoDBTransaction | undefined> {
  return mode === 'transaction'
    ? dynamodbTransactionLedger({ client: mortal, tableName, clock })
    : dynamodbLedger({ client: mortal, tableName, uncertain: mode, clock })
}

function appending(sequence: string) {
  const expression = 'SET #log = list_append(if_not_exists(#log, :none), :one)'
  return { expression, names: { '#log': 'log' }, values: { ':none': [], ':one': [sequence] } }
}

/** What transactions have left behind, as if handlers had noted it. */
async function readEffects(world: World): Promise<void> {
  if (world.mode !== 'transaction') return
  const { Items = [] } = await client.send(new ScanCommand({ TableName: world.effectTable }))
  for (const { pk, log } of Items)
    for (const { S: sequence } of log?.L ?? []) world.effects.push({ sequence: Number(sequence), item: pk?.S ?? '' })
}

/** The person who is asked about an uncertain record, and who finds out whether its effect happened. */
async function decide(world: World, eventId: string, idempotencyKey: string): Promise<void> {
  const pk = { S: `ledger#c#${idempotencyKey}` }
  const TableName = world.tableName
  const happened = world.effects.some(({ sequence }) => `event-${sequence}` === eventId)
  const expiresAt = { N: String(Math.floor(systemClock.now() / 1_000) + 86_400) }
  if (happened) await client.send(new PutItemCommand({ TableName, Item: { pk, sk: { S: 'mark' }, expiresAt } }))
  else await client.send(new DeleteItemCommand({ TableName, Key: { pk, sk: { S: 'claim' } } }))
}

describe.each(['retry', 'park', 'transaction'] as const)('a crash at any await of parking (%s)', (mode) => {
  test('loses nothing, doubles nothing that it need not, and breaks no order', { timeout: 120_000 }, async () => {
    let deaths = 0
    for (let step = 1; ; step += 1) {
      const [tableName, effectTable] = [await newTable(), await newTable()]
      const world: World = { tableName, effectTable, mode, effects: [], isCured: false }
      const process = new Mortal(step)
      const died = process.death.then(() => 'died')
      const ended = await Promise.race([died, live(world, consumerOf(world, process, 0)).then(() => 'lived')])
      if (ended === 'died') deaths += 1
      await mend(world, consumerOf(world, new Mortal(Infinity), 3_600_000), (eventId, key) =>
        decide(world, eventId, key),
      )
      await readEffects(world)
      judge(world.effects, mode === 'retry' ? 'at least once' : 'once')
      if (ended === 'lived') break
    }
    // Reads, parks, holds, effects, marks, settlements: fewer would mean that it did not look everywhere.
    expect(deaths).toBeGreaterThan(80)
  })
})
