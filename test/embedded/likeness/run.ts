import { setTimeout as sleep } from 'node:timers/promises'
import type { Step } from '../both.ts'
import { asksOf } from './asks.ts'
import { canonical, judge, localAsService } from './compare.ts'
import { numbersAsService, type Pair } from './differences.ts'
import { outcomeOf } from './outcome.ts'
import { newEmbedded, type Service } from './service.ts'
import { readStream, storyOf } from './streams.ts'
import { definitionOf, isTableName, type TableName, tables } from './tables.ts'
import type { Fields } from './values.ts'

/** What has been compared so far. */
export interface Tally {
  programs: number
  operations: number
  records: number
  readonly byDifference: { [name: string]: number }
}

export interface Disagreement {
  readonly what: string
  readonly local: unknown
  readonly embedded: unknown
}

let programs = 0

/** Runs the program on both, on tables that no other has. `undefined`: they agreed. */
export async function disagreement(
  local: Service,
  program: readonly Step[],
  tally: Tally,
): Promise<Disagreement | undefined> {
  const suffix = `-${(programs += 1)}`
  const embedded = newEmbedded()
  const used = [...tablesIn(program)]
  const arns = await Promise.all(used.map((name) => makeTable(local, embedded, name, `${name}${suffix}`)))
  try {
    for (const step of program) {
      const found = await compareStep(local, embedded, renamed(step, suffix), tally)
      if (found === 'parted') return undefined
      if (found !== undefined) return found
    }
    for (const arn of arns) {
      const found = await compareStreams(local, embedded, arn, tally)
      if (found !== undefined) return found
    }
    tally.programs += 1
    return undefined
  } finally {
    await Promise.all(used.map((name) => local.execute('DeleteTable', { TableName: `${name}${suffix}` })))
  }
}

interface Arns {
  readonly local: string
  readonly embedded: string
}

async function makeTable(local: Service, embedded: Service, name: TableName, tableName: string): Promise<Arns> {
  const input = definitionOf(tables[name], tableName)
  const [one, other] = (await Promise.all([
    local.execute('CreateTable', input),
    embedded.execute('CreateTable', input),
  ])) as Made[]
  await sleep(0)
  return { local: one?.TableDescription.LatestStreamArn ?? '', embedded: other?.TableDescription.LatestStreamArn ?? '' }
}

interface Made {
  readonly TableDescription: { readonly LatestStreamArn?: string }
}

async function compareStep(
  local: Service,
  embedded: Service,
  step: Step,
  tally: Tally,
): Promise<Disagreement | 'parted' | undefined> {
  const outcomes = { local: await outcomeOf(local, step), embedded: await outcomeOf(embedded, step) }
  const pair = { step, ...outcomes, found: refusedApart(outcomes) ? await itemsFor(local, step) : [] }
  const verdict = judge(pair)
  if (verdict === 'disagree')
    return { what: JSON.stringify(step), local: localAsService(pair), embedded: canonical(step, pair.embedded) }
  tally.operations += 1
  if (verdict === 'agree') return undefined
  tally.byDifference[verdict.name] = (tally.byDifference[verdict.name] ?? 0) + 1
  return verdict.parts === true ? 'parted' : undefined
}

function refusedApart({ local, embedded }: Pick<Pair, 'local' | 'embedded'>): boolean {
  return local.error !== undefined && embedded.error !== undefined && local.message !== embedded.message
}

/** What Local has under the one key of each thing that the step asks: what it had before a step that it refused. */
function itemsFor(local: Service, step: Step): Promise<Pair['found']> {
  return Promise.all(
    asksOf(step).map(async ({ input, keys: [key] }) => {
      if (key === undefined || !('TableName' in input)) return undefined
      const get = {
        operation: 'GetItem',
        input: { TableName: input['TableName'], Key: key, ConsistentRead: true },
      } as const
      const [page] = (await outcomeOf(local, get)).pages ?? []
      return (page as { readonly Item?: Fields } | undefined)?.Item
    }),
  )
}

async function compareStreams(
  local: Service,
  embedded: Service,
  arns: Arns,
  tally: Tally,
): Promise<Disagreement | undefined> {
  const ours = await readStream(embedded, arns.embedded, 0)
  const theirs = await readStream(local, arns.local, ours.length)
  const stories = { local: storyOf(theirs.map(numbersAsService)), embedded: storyOf(ours) }
  tally.records += ours.length
  const keys = new Set([...Object.keys(stories.local), ...Object.keys(stories.embedded)])
  for (const key of keys)
    if (JSON.stringify(stories.local[key]) !== JSON.stringify(stories.embedded[key]))
      return {
        what: `the stream of ${arns.embedded} about ${key}`,
        local: stories.local[key],
        embedded: stories.embedded[key],
      }
  return undefined
}

function tablesIn(value: unknown): Set<TableName> {
  const found = new Set<TableName>()
  walk(value, (name) => {
    if (isTableName(name)) found.add(name)
    return name
  })
  return found
}

function renamed(step: Step, suffix: string): Step {
  return walk(step, (name) => `${name}${suffix}`) as Step
}

/** A copy of an input with other names for its tables. */
function walk(value: unknown, rename: (table: string) => string): unknown {
  if (Array.isArray(value)) return value.map((element) => walk(element, rename))
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => {
      if (name === 'TableName' || name === 'ClientRequestToken') return [name, rename(String(field))]
      if (name === 'RequestItems') return [name, walkTables(field, rename)]
      return [name, walk(field, rename)]
    }),
  )
}

function walkTables(requests: unknown, rename: (table: string) => string): object {
  const entries = Object.entries(requests as object)
  return Object.fromEntries(entries.map(([name, field]) => [rename(name), walk(field, rename)]))
}
