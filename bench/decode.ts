import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { AttributeMap } from '../src/record/attribute-value.ts'
import { decodeRecord, locate } from '../src/record/decode.ts'
import { decodeItem } from '../src/record/decode-value.ts'
import type { RawRecord } from '../src/source/source.ts'
import { storedItems } from './support/stored-items.ts'
import { printTable, times, type Row } from './support/table.ts'
import { median, takeTurns } from './support/timing.ts'

// Each decoder has processes of its own, in turns, as it has a function of its own where it is used. In one process the two
// are not strangers: V8 enumerates an object slowly until the names of its shape have been enumerated once by `for in`, and
// `Object.entries`, by which `unmarshall` goes, does not count as that. Ours does it, so that beside ours `unmarshall` is
// three times as fast as it is by itself. That figure is shown too, in the last column.

type Decode = (record: RawRecord) => unknown

const rounds = 41
const warmUpRounds = 20
const recordsEach = 200
const repeats = 5

const decoders: { readonly [subject: string]: { readonly [name: string]: Decode } } = {
  item: {
    tidemark: ({ dynamodb }) => decodeItem(dynamodb?.NewImage, 'number', 'dynamodb.NewImage'),
    unmarshall: ({ dynamodb }) => unmarshalled(dynamodb?.NewImage),
  },
  record: {
    tidemark: (record) => decodeRecord(locate(record), { numbers: 'number' }),
    unmarshall: ({ dynamodb }) => [
      unmarshalled(dynamodb?.Keys),
      unmarshalled(dynamodb?.NewImage),
      unmarshalled(dynamodb?.OldImage),
    ],
  },
}

function unmarshalled(item: unknown) {
  return unmarshall(item as Parameters<typeof unmarshall>[0])
}

/** Nanoseconds a call, by subject, kind and decoder. */
type Figures = { [what: string]: number[] }

async function compare(): Promise<void> {
  const figures: Figures = {}
  const count = await takeTurns(
    ['tidemark', 'unmarshall', 'tidemark+unmarshall'],
    { rounds: 9, seconds: 60 },
    async (who) => {
      for (const [what, list] of Object.entries(measureApart(who)))
        (figures[`${who} ${what}`] ??= []).push(median(list))
    },
  )
  const figure = (what: string) => median(figures[what] ?? [])
  const rows = Object.keys(decoders).flatMap((subject) =>
    Object.keys(storedItems).map((kind): Row => {
      const [ours, theirs] = [
        figure(`tidemark tidemark ${subject} ${kind}`),
        figure(`unmarshall unmarshall ${subject} ${kind}`),
      ]
      const together = (name: string) => figure(`tidemark+unmarshall ${name} ${subject} ${kind}`)
      const ratio = times(together('unmarshall'), together('tidemark'))
      return [`${subject}: ${kind}`, ours.toFixed(0), theirs.toFixed(0), times(theirs, ours), ratio]
    }),
  )
  printTable(
    `Decoding, nanoseconds (medians of ${count} processes each)`,
    ['', 'tidemark', 'unmarshall', 'ratio', 'in one process'],
    rows,
    ['record: keys and both images; tidemark also all other fields', 'aim: 5 times as fast as @aws-sdk/util-dynamodb'],
  )
}

function measureApart(who: string): Figures {
  const text = execFileSync(process.execPath, [fileURLToPath(import.meta.url), who], { encoding: 'utf8' })
  return JSON.parse(text) as Figures
}

/** Records are as fresh from JSON as a Lambda event's, in each round anew. Items differ within a round, as in a table. */
function measure(wanted: readonly string[]): Figures {
  const figures: Figures = {}
  for (let round = -warmUpRounds; round < rounds; round += 1)
    for (const [kind, make] of Object.entries(storedItems))
      for (const [subject, candidates] of Object.entries(decoders))
        for (const name of wanted) {
          const nanoseconds = timed(candidates[name] ?? missing(name), recordsOf(make))
          if (round >= 0) (figures[`${name} ${subject} ${kind}`] ??= []).push(nanoseconds)
        }
  return figures
}

function recordsOf(make: (index: number) => AttributeMap): RawRecord[] {
  return JSON.parse(
    JSON.stringify(Array.from({ length: recordsEach }, (_, index) => recordOf(make(index)))),
  ) as RawRecord[]
}

function recordOf(image: AttributeMap): RawRecord {
  return {
    eventID: '1c5f0e0c9c2a4e6f8f7b7d1f2c3a4b5d',
    eventName: 'MODIFY',
    eventSource: 'aws:dynamodb',
    eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/items/stream/2026-01-01T00:00:00.000',
    awsRegion: 'eu-central-1',
    dynamodb: {
      ApproximateCreationDateTime: 1_767_225_600,
      Keys: { pk: image['pk'] ?? { S: '' } },
      NewImage: image,
      OldImage: image,
      SequenceNumber: '111000000000000000000',
      SizeBytes: 400,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
  }
}

// What was decoded last is kept where the compiler can't prove it useless.
let latest: unknown

function timed(decode: Decode, records: readonly RawRecord[]): number {
  const start = process.hrtime.bigint()
  for (let repeat = 0; repeat < repeats; repeat += 1) for (const record of records) latest = decode(record)
  const nanoseconds = Number(process.hrtime.bigint() - start) / (repeats * records.length)
  if (latest === undefined) throw new Error('nothing was decoded')
  return nanoseconds
}

function missing(name: string): never {
  throw new Error(`there is no decoder '${name}'`)
}

const [names] = process.argv.slice(2)
if (names === undefined) await compare()
else console.log(JSON.stringify(measure(names.split('+'))))
