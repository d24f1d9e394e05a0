import type { Step } from '../both.ts'
import { differences, type Difference, numbersAsService, type Pair } from './differences.ts'
import { type Json, type Outcome, sorted } from './outcome.ts'

/** `agree`, the difference that explains it, or nothing does. */
export type Verdict = 'agree' | Difference | 'disagree'

export function judge(pair: Pair): Verdict {
  const local = localAsService(pair)
  const embedded = canonical(pair.step, pair.embedded)
  if (JSON.stringify(local) === JSON.stringify(embedded)) return 'agree'
  return differences.find(({ shows }) => shows({ ...pair, local, embedded })) ?? 'disagree'
}

/** Local's outcome, comparable. */
export function localAsService({ step, local }: Pick<Pair, 'step' | 'local'>): Outcome {
  const { pages, fields } = local
  return canonical(step, {
    ...local,
    ...(pages === undefined ? {} : { pages: pages.map(numbersAsService) }),
    ...(fields === undefined ? {} : { fields: withoutStop(numbersAsService(fields)) }),
  })
}

// Local ends the reason of a failed condition with a full stop.
function withoutStop(fields: Json): Json {
  return JSON.parse(JSON.stringify(fields).replaceAll(' request failed."', ' request failed"')) as Json
}

type Record = { readonly [name: string]: Json }

/** Without what has no order in DynamoDB: scans, global indexes and batches. */
export function canonical({ operation, input }: Step, outcome: Outcome): Outcome {
  const { pages } = outcome
  if (pages === undefined) return outcome
  const index = 'IndexName' in input ? String(input.IndexName) : ''
  if (operation === 'Scan' || (operation === 'Query' && index !== '' && index !== 'by-title'))
    return { pages: [merged(pages as readonly Record[])] }
  if (operation === 'BatchGetItem') return { pages: (pages as readonly Record[]).map(unordered) }
  return outcome
}

// Where a page ends depends on the order, so only what they have together counts.
function merged(pages: readonly Record[]): Json {
  const sum = (name: string) => pages.reduce((total, page) => total + Number(page[name]), 0)
  const items = pages.flatMap((page) => page['Items'] ?? []) as readonly Json[]
  return {
    Items: sorted(items),
    HasItems: pages.every((page) => 'Items' in page),
    Count: sum('Count'),
    ScannedCount: sum('ScannedCount'),
  }
}

function unordered(page: Record): Json {
  const responses = Object.entries((page['Responses'] ?? {}) as { readonly [table: string]: readonly Json[] })
  return { ...page, Responses: Object.fromEntries(responses.map(([table, items]) => [table, sorted(items)])) }
}
