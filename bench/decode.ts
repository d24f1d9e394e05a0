import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { AttributeValue } from '../src/record/attribute-value.ts'
import { decodeItem } from '../src/record/decode-value.ts'
import { printTable, times, type Row } from './support/table.ts'
import { median } from './support/timing.ts'

// Both decoders get the same items, as fresh from JSON as a Lambda event's, in turns: what the machine does meanwhile
// falls on both alike. Items differ in shape within a run, as they do in a table.

type Decode = (item: Record<string, AttributeValue>) => unknown

const rounds = 41
const warmUpRounds = 10
const itemsEach = 200
const repeats = 10

// What was decoded last is kept where the compiler can't prove it useless.
let latest: unknown

const items: Record<string, (index: number) => Record<string, AttributeValue>> = {
  'profile, 8 flat': (i) => ({
    id: { S: `user-${i}` },
    email: { S: `user-${i}@example.com` },
    firstName: { S: 'Ann' },
    lastName: { S: 'Example' },
    visits: { N: String(i) },
    score: { N: '0.5' },
    active: { BOOL: true },
    plan: { S: 'pro' },
  }),
  'order, 12 nested': (i) => ({
    pk: { S: `ORDER#${i}` },
    sk: { S: '2024-01-01T00:00:00.000Z' },
    status: { S: 'OPEN' },
    total: { N: `${1000 + i}.25` },
    version: { N: '7' },
    createdAt: { N: String(1_704_067_200_000 + i) },
    paid: { BOOL: true },
    note: { NULL: true },
    tags: { SS: ['new', 'gift', 'eu'] },
    customer: { M: { name: { S: 'Ann Example' }, email: { S: 'ann@example.com' }, age: { N: '42' } } },
    address: { M: { street: { S: '1 High Street' }, city: { S: 'Springfield' }, zip: { S: '12345' } } },
    lines: {
      L: [
        { M: { sku: { S: 'X-1' }, quantity: { N: '2' }, price: { N: '9.99' } } },
        { M: { sku: { S: 'X-2' }, quantity: { N: '1' }, price: { N: '19.5' } } },
      ],
    },
  }),
  'reading, 20 flat': (i) =>
    Object.fromEntries(
      Array.from({ length: 20 }, (_, k) => [`attribute${k}`, k % 3 === 0 ? { N: String(i * k) } : { S: `value ${i}` }]),
    ),
}

const decoders: Record<string, Decode> = {
  unmarshall: (item) => unmarshall(item as Parameters<typeof unmarshall>[0]),
  tidemark: (item) => decodeItem(item, 'number', 'dynamodb.NewImage'),
}

/** Nanoseconds per call of each decoder: the medians over rounds in which all of them take their turn. */
function compare(pool: readonly Record<string, AttributeValue>[]): Record<string, number> {
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(decoders).map((name) => [name, []]))
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    for (const [name, decode] of Object.entries(decoders)) {
      const nanoseconds = timed(decode, pool)
      if (round >= 0) times[name]?.push(nanoseconds)
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]))
}

function timed(decode: Decode, pool: readonly Record<string, AttributeValue>[]): number {
  const start = process.hrtime.bigint()
  for (let repeat = 0; repeat < repeats; repeat += 1) for (const item of pool) latest = decode(item)
  return Number(process.hrtime.bigint() - start) / (repeats * pool.length)
}

const pools = Object.entries(items).map(([name, make]) => {
  const text = JSON.stringify(Array.from({ length: itemsEach }, (_, index) => make(index)))
  return { name, pool: JSON.parse(text) as Record<string, AttributeValue>[] }
})

for (const { pool } of pools) compare(pool) // both have seen every shape before anything counts
const rows = pools.map(({ name, pool }): Row => {
  const { unmarshall = Number.NaN, tidemark = Number.NaN } = compare(pool)
  return [name, tidemark.toFixed(0), unmarshall.toFixed(0), times(unmarshall, tidemark)]
})
printTable(
  `Decoding an item, nanoseconds (medians of ${rounds} rounds)`,
  ['', 'tidemark', 'unmarshall', 'ratio'],
  rows,
  ['aim: 5 times as fast as @aws-sdk/util-dynamodb'],
)
if (latest === undefined) console.log('nothing was decoded')
