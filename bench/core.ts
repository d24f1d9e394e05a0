import { createConsumer } from 'tidemark'
import { createLambdaHandler, type LambdaStreamEvent } from 'tidemark/lambda'
import { insertsText } from './support/events.ts'
import { printTable, times, type Row } from './support/table.ts'
import { medians, takeTurns, timed, type Timing } from './support/timing.ts'

// What the engine adds to the user's handler. Every event is parsed and delivered once, as in Lambda, whose runtime parses
// it before any engine sees it: so that costs are compared in which the collector's work on the event is the same, and
// the yardstick is at hand.

const recordCount = 1_000
const eventsPerTurn = 20

const handler = async (_record: unknown): Promise<void> => {}
const deliver = createLambdaHandler(createConsumer({ name: 'orders', handler }))

const works: { readonly [name: string]: (event: LambdaStreamEvent) => unknown } = {
  parse() {},
  async bare({ Records }) {
    for (const record of Records ?? []) await handler(record)
  },
  engine: (event) => deliver(event),
}

/** What a turn of each of the works takes, with the records spread over that many items. */
async function compare(keys: number): Promise<Record<string, Timing>> {
  const timings: Record<string, Timing[]> = { parse: [], bare: [], engine: [] }
  await takeTurns(Object.keys(works), { rounds: 41, seconds: 6 }, async (name) => {
    const texts = Array.from({ length: eventsPerTurn }, () => insertsText(recordCount, keys))
    const timing = await timed(async () => {
      for (const text of texts) await works[name]?.(JSON.parse(text) as LambdaStreamEvent)
    })
    timings[name]?.push(timing)
  })
  return Object.fromEntries(Object.entries(timings).map(([name, list]) => [name, medians(list)]))
}

function rowOf(keys: number, what: keyof Timing, { parse, bare, engine }: Record<string, Timing>): Row {
  const perRecord = (timing?: Timing) => ((timing?.[what] ?? Number.NaN) * 1_000) / (recordCount * eventsPerTurn)
  const over = perRecord(engine) - perRecord(bare)
  const label = `${keys.toLocaleString('en-US')} ${keys === 1 ? 'item' : 'items'}, ${what === 'cpuMs' ? 'CPU' : 'wall'} time`
  const figures = [perRecord(parse), perRecord(bare), perRecord(engine), over].map((figure) => figure.toFixed(2))
  return [label, ...figures, times(over, perRecord(parse))]
}

await compare(100) // everything is warm now
const rows: Row[] = []
for (const keys of [1_000, 100, 1]) {
  const timings = await compare(keys)
  rows.push(rowOf(keys, 'cpuMs', timings), rowOf(keys, 'wallMs', timings))
}
printTable(
  'The engine without a ledger, microseconds a record (1,000 records a batch)',
  ['', 'JSON.parse', '+ handler', '+ tidemark', 'engine', 'of parse'],
  rows,
  ['aim: engine at most 2'],
)
