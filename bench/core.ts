import { createConsumer } from 'tidemark'
import { createLambdaHandler, type LambdaStreamEvent } from 'tidemark/lambda'
import { insertsText } from './support/events.ts'
import { printTable, type Row } from './support/table.ts'
import { medians, takeTurns, timed, type Timing } from './support/timing.ts'

// What the engine adds to the user's handler, beside what the same event costs before any engine sees it: Lambda's
// runtime parses it from JSON. Every event is fresh from JSON and delivered once, as in life.

const recordCount = 1_000
const eventsPerTurn = 20

type Work = (texts: readonly string[], events: readonly LambdaStreamEvent[]) => unknown

const handler = async (_record: unknown): Promise<void> => {}
const deliver = createLambdaHandler(createConsumer({ name: 'orders', handler }))

// What was parsed last is kept where the compiler can't prove it useless.
let latest: unknown

const works: { readonly [name: string]: Work } = {
  parse(texts) {
    for (const text of texts) latest = JSON.parse(text)
  },
  async bare(_texts, events) {
    for (const { Records } of events) for (const record of Records ?? []) await handler(record)
  },
  async engine(_texts, events) {
    for (const event of events) await deliver(event)
  },
}

/** Microseconds a record that each of the works takes, with the records spread over that many items. */
async function compare(keys: number): Promise<Record<string, Timing>> {
  const timings: Record<string, Timing[]> = { parse: [], bare: [], engine: [] }
  await takeTurns(Object.keys(works), { rounds: 31, seconds: 6 }, async (name) => {
    const texts = Array.from({ length: eventsPerTurn }, () => insertsText(recordCount, keys))
    const events = texts.map((text) => JSON.parse(text) as LambdaStreamEvent)
    timings[name]?.push(await timed(() => works[name]?.(texts, events)))
  })
  return Object.fromEntries(Object.entries(timings).map(([name, list]) => [name, medians(list)]))
}

function rowOf(keys: number, what: keyof Timing, { parse, bare, engine }: Record<string, Timing>): Row {
  const perRecord = (timing?: Timing) => ((timing?.[what] ?? Number.NaN) * 1_000) / (recordCount * eventsPerTurn)
  const over = perRecord(engine) - perRecord(bare)
  const label = `${keys.toLocaleString('en-US')} ${keys === 1 ? 'item' : 'items'}, ${what === 'cpuMs' ? 'CPU' : 'wall'} time`
  const figures = [perRecord(parse), perRecord(bare), perRecord(engine), over].map((figure) => figure.toFixed(2))
  return [label, ...figures, (over / perRecord(parse)).toFixed(2)]
}

await compare(100) // everything is warm now
const rows: Row[] = []
for (const keys of [1_000, 100, 1]) {
  const timings = await compare(keys)
  rows.push(rowOf(keys, 'cpuMs', timings), rowOf(keys, 'wallMs', timings))
}
printTable(
  'The engine without a ledger: microseconds a record, 1,000 records a batch (medians)',
  ['', 'JSON.parse', 'handler', 'tidemark', 'over it', 'of JSON.parse'],
  rows,
  ['aim: at most 2 over the bare handler'],
)
if (latest === undefined) console.log('nothing was parsed')
