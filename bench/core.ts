import { createConsumer } from 'tidemark'
import { createLambdaHandler, type LambdaStreamEvent } from 'tidemark/lambda'
import { insertsText } from './support/events.ts'
import { printTable, times, type Row } from './support/table.ts'
import { least, medians, takeTurns, timed, type Timing } from './support/timing.ts'

// What the engine adds to the user's handler. Every event is parsed and delivered once, as in Lambda, whose runtime parses
// it before any engine sees it: so that costs are compared in which the collector's work on the event is the same, and
// the yardstick is at hand.

const recordCount = 1_000
const eventsPerTurn = 10

const handler = async (_record: unknown): Promise<void> => {}
const deliver = createLambdaHandler(createConsumer({ name: 'orders', handler }))

const works: { readonly [name: string]: (event: LambdaStreamEvent) => unknown } = {
  parse() {},
  async bare({ Records }) {
    for (const record of Records ?? []) await handler(record)
  },
  engine: (event) => deliver(event),
}

/** Microseconds a record of one kind of time that each of the works takes. */
type Figures = Record<keyof typeof works, number>

/** What turns of each of the works take, with the records spread over that many items. */
async function compare(keys: number): Promise<Row[]> {
  const timings: Record<string, Timing[]> = { parse: [], bare: [], engine: [] }
  await takeTurns(Object.keys(works), { rounds: 41, seconds: 4 }, async (name) => {
    const texts = Array.from({ length: eventsPerTurn }, () => insertsText(recordCount, keys))
    const timing = await timed(async () => {
      for (const text of texts) await works[name]?.(JSON.parse(text) as LambdaStreamEvent)
    })
    timings[name]?.push(timing)
  })
  const figures = (ms: (list: readonly Timing[]) => number): Figures =>
    Object.fromEntries(
      Object.entries(timings).map(([name, list]) => [name, (ms(list) * 1_000) / (recordCount * eventsPerTurn)]),
    )
  return [
    rowOf(
      `${keys.toLocaleString('en-US')} ${keys === 1 ? 'item' : 'items'}: CPU time`,
      figures((list) => medians(list).cpuMs),
    ),
    rowOf(
      '  the least',
      figures((list) => least(list).cpuMs),
    ),
    rowOf(
      '  wall time',
      figures((list) => medians(list).wallMs),
    ),
  ]
}

function rowOf(label: string, { parse = Number.NaN, bare = Number.NaN, engine = Number.NaN }: Figures): Row {
  const over = engine - bare
  return [label, ...[parse, bare, engine, over].map((figure) => figure.toFixed(2)), times(over, parse)]
}

await compare(100) // everything is warm now
const rows: Row[] = []
for (const keys of [1_000, 100, 1]) rows.push(...(await compare(keys)))
printTable(
  'The engine without a ledger, microseconds a record (1,000 records a batch)',
  ['', 'JSON.parse', '+ handler', '+ tidemark', 'engine', 'of parse'],
  rows,
  ['aim: engine at most 2'],
)
