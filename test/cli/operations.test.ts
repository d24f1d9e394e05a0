import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Running } from './support/command-project.ts'
import { assertPlain, CliWorld, jsonLines } from './support/cli-world.ts'

/** A command of the guide, with what stands behind it. */
interface Example {
  readonly section: string
  readonly line: string
  readonly args: readonly string[]
  readonly remark: string
}

let world: CliWorld
let worker: Running | undefined
let eventId = ''
let isParking = false

const handler = 'if (record.newImage?.poison) throw new TypeError("no such total")'

beforeAll(async () => {
  world = await CliWorld.create()
  world.consumer('consumer.mjs', handler)
  for (const id of ['16', '17', '18']) await world.put(id, { total: { N: '42' } })
  await world.put('17', { poison: { BOOL: true } })
  await world.put('19')
  await present(true)
  const { stdout } = await world.run('tail', 'orders', '--from', 'trim-horizon', '--limit', '1', '--json')
  eventId = String(jsonLines(stdout)[0]?.['eventId'])
})
afterAll(() => world.close())

/** Whether a worker is at work: the guide says when it is to be stopped. */
async function present(isPresent: boolean): Promise<void> {
  if (isPresent) worker ??= await world.worker('consumer.mjs')
  else {
    await worker?.end('SIGTERM')
    worker = undefined
  }
}

/** Has item 17 parked, with a record that fails and one behind it, and returns what the guide's words for them stand for. */
async function parked(): Promise<Record<string, string>> {
  let [lane] = await jsonOf('parked', 'list', 'receipts')
  if (lane === undefined) {
    if (isParking) await world.put('17', { poison: { BOOL: true } })
    else await beginToPark()
    await world.put('17', { total: { N: '43' } })
    while (Number(lane?.['recordCount'] ?? 0) < 2) [lane] = await jsonOf('parked', 'list', 'receipts')
  }
  const laneId = String(lane?.['laneId']).slice(0, 8)
  const [record] = await jsonOf('parked', 'show', 'receipts', laneId)
  return { LANE: laneId, 'EVENT-ID': String(record?.['eventId']) }
}

/** Until then it is held up. */
async function beginToPark(): Promise<void> {
  await present(false)
  world.consumer('consumer.mjs', handler, "onFailure: 'park',")
  await present(true)
  isParking = true
}

async function jsonOf(...args: readonly string[]): Promise<readonly Record<string, unknown>[]> {
  return jsonLines((await world.run(...args, '--json')).stdout)
}

const guide = readFileSync('docs/operations.md', 'utf8')
const examples = examplesOf(guide)

describe('every example of the operations guide works', () => {
  test('there are some, of every command that it is about', () => {
    const names = new Set(examples.map(({ args: [name] }) => name))
    for (const name of ['status', 'tail', 'explain', 'run', 'pause', 'resume', 'replay', 'send', 'init', 'parked'])
      expect(names).toContain(name)
  })

  test.each(examples)('$section: $line', async ({ args, remark }) => {
    await present(args[0] !== 'replay' && args[0] !== 'run')
    const words = args[0] === 'parked' ? await parked() : { 'EVENT-ID': eventId }
    const command = world.start(...args.map((arg) => words[arg] ?? arg))
    if (remark === 'until Ctrl+C') {
      await command.until(/started|watching|receipts on orders/)
      expect(await command.end('SIGINT'), command.output()).toBe(0)
    } else {
      expect(remark === 'exit 0 or 1' ? [0, 1] : [0], command.output()).toContain(await command.ended())
    }
    if (args.includes('--json')) {
      const fields = jsonLines(command.stdout()).flatMap((line) => Object.keys(line))
      const name = args[0] === 'parked' ? args.slice(0, 2).join(' ') : String(args[0])
      expect(documentedFields(name)).toEqual(expect.arrayContaining(fields))
    }
    const isForPeople = !args.includes('--json') && !['run', 'send', 'init'].includes(args[0] ?? '')
    if (isForPeople) assertPlain(command.stdout())
  })
})

function examplesOf(guide: string): readonly Example[] {
  let section = ''
  let isShell = false
  return guide.split('\n').flatMap((line) => {
    if (line.startsWith('## ')) section = line.slice(3)
    if (line.startsWith('```')) isShell = line === '```sh'
    else if (isShell) {
      const [, command = '', remark = ''] = /^npx tidemark (.*?)(?: {3}# (.*))?$/.exec(line) ?? []
      if (command === '') throw new Error(`not a command that can be tested: ${line}`)
      return [{ section, line: command, args: words(command), remark }]
    }
    return []
  })
}

/** As a shell divides it; of its quotes the guide has single ones alone. */
function words(line: string): readonly string[] {
  return Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, plain]) => quoted ?? plain ?? '')
}

/** What the guide says that the objects of `--json` have. */
function documentedFields(command: string): readonly string[] {
  const row = guide.split('\n').find((line) => line.startsWith(`| \`${command}\` `) && line.split('|').length === 4)
  return Array.from(
    (row ?? '')
      .split('|')
      .at(2)
      ?.matchAll(/`(\w+)`/g) ?? [],
    ([, name]) => String(name),
  )
}
