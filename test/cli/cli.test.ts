import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { renderTable } from '../../src/cli/demo/table.ts'
import { isClean, judge } from '../../src/cli/demo/verdict.ts'
import { commands } from '../../src/cli/commands.ts'
import { main } from '../../src/cli/main.ts'
import { takeStopSignals } from '../../src/cli/stop-signals.ts'
import { systemClock } from '../../src/internal/system.ts'

const printed: string[] = []

beforeEach(() => {
  printed.length = 0
  for (const stream of ['log', 'error'] as const)
    vi.spyOn(console, stream).mockImplementation((text: unknown) => void printed.push(String(text)))
})
afterEach(() => void vi.restoreAllMocks())

describe('the command', () => {
  test.each([[['--help']], [['-h']], [[]], [['demo', '--help']]])('%j shows what there is', async (args) => {
    expect(await main(args)).toBe(0)
    expect(printed.join('\n')).toContain('Usage: tidemark ')
  })

  test('leaves no listener for each time it is run', async () => {
    const errorListeners = () => process.stdout.listenerCount('error')
    await main(['--help'])
    const before = errorListeners()
    for (let time = 0; time < 3; time += 1) await main(['--help'])
    expect(errorListeners()).toBe(before)
    const signals = takeStopSignals(systemClock, () => {})
    signals.end()
    expect(errorListeners()).toBe(before)
  })

  test.each(commands)(
    '$name has a help of its own that fits 80 columns, and a line in that of all',
    async ({ name }) => {
      expect(await main([name, '--help'])).toBe(0)
      const own = printed.splice(0).join('\n')
      expect(own).toMatch(new RegExp(`^Usage: tidemark ${name} `))
      expect(own).toContain('Exit codes: 0 ')
      for (const line of own.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
      expect(await main(['--help'])).toBe(0)
      expect(printed[0]).toMatch(new RegExp(`^  ${name} `, 'm'))
    },
  )

  test.each([
    [['dmeo'], "unknown command 'dmeo'\n(Did you mean demo?)"],
    [['demo', '--loud'], "unknown option '--loud'"],
    [['demo', 'twice'], "too many arguments for 'demo'"],
    [['demo', '--messages', 'many'], "--messages must be a whole number from 50 to 100000; got 'many'"],
    [['demo', '--messages=3'], "got '3'"],
    [['run'], "missing required argument 'module'"],
    [['run', './a.ts'], '--table is missing'],
    [['run', './a.ts', './b.ts', '--table', 'orders'], "too many arguments for 'run'"],
    [['run', './a.ts', '--table', '--json'], "--table needs a value; got '--json'"],
    [['run', './a.ts', '--table', 'o'], "--table must be the name of a table, 3 to 255 of A-Z a-z 0-9 _ . -; got 'o'"],
    [['run', './a.ts', '--table', 'orders', '--start', 'end'], "--start must be trim-horizon or latest; got 'end'"],
    [['leases'], 'tidemark leases needs a command'],
    [['leases', 'move'], "unknown command 'move'"],
    [
      ['leases', 'import', '--table', 'orders', '--consumer', 'c'],
      "required option '--kcl-table <NAME>' not specified",
    ],
    [['leases', 'import', '--consumer', 'a#b'], "got 'a#b'"],
    [['leases', 'export', '--observe', '1s'], '--observe must be a time with its unit'],
    [['tail'], "missing required argument 'table'"],
    [
      ['tail', 'orders', '--from', 'yesterday'],
      "--from must be latest, trim-horizon or a time such as 10m; got 'yesterday'",
    ],
    [['tail', 'orders', '--filter', '{'], '--filter: this is not JSON'],
    [['tail', 'orders', '--filter', '{"eventName":"INSERT"}'], '--filter.eventName: expected a list'],
    [['replay', 'receipts', '--table', 'orders', '--from', 'yesterday'], '--from must be trim-horizon, a time such as'],
    [['status', 'receipts'], "required option '--table <NAME>' not specified"],
    [['run', './a.ts', '--table', 'orders', '--lease-duration', '10'], '--lease-duration must be a time with its unit'],
    [['run', './a.ts', '--table', 'orders', '--lease-duration', '1ms'], "from 1 s to 5 min; got '1ms'"],
    [['run', './a.ts', '--table', 'orders', '--seed', '5'], '--seed goes with --embedded'],
    [
      ['run', './a.ts', '--table', 'orders', '--embedded', '--profile', 'x'],
      '--profile and --embedded exclude each other',
    ],
    [
      ['run', './a.ts', '--table', 'orders', '--endpoint-url', 'here'],
      "--endpoint-url must be a URL such as http://localhost:8000; got 'here'",
    ],
    [['demo', '--engine', 'postgres'], "--engine must be embedded or dynamodb-local; got 'postgres'"],
  ])('%j is refused with exit code 2 and how it is used', async (args, complaint) => {
    expect(await main(args)).toBe(2)
    expect(printed.join('\n')).toContain(complaint)
    expect(printed.join('\n')).toContain('Usage: tidemark')
    expect(printed.join('\n')).toContain('--help says more')
  })
})

describe('the verdict of the demo', () => {
  const receipt = (id: string, sequenceNumber: number, isRepeat = false) => ({
    ...{ id, sequenceNumber: String(sequenceNumber), isRepeat },
  })

  test('counts what went out, twice, never and out of order; a repeat that the service knew is nothing', () => {
    const receipts = [receipt('a', 1), receipt('a', 9), receipt('a', 1), receipt('b', 2), receipt('b', 2, true)]
    expect(judge(['a', 'b', 'c'], receipts)).toEqual({
      effectCount: 4,
      repeatCount: 1,
      twiceCount: 1,
      missingCount: 1,
      disorderCount: 1,
    })
  })

  test.each(['twiceCount', 'missingCount', 'disorderCount'])('%s spoils it', (spoiler) => {
    const clean = judge(['a'], [receipt('a', 1)])
    expect(isClean(clean)).toBe(true)
    expect(isClean({ ...clean, [spoiler]: 1 })).toBe(false)
  })
})

test('the table fits 80 columns', () => {
  const text = renderTable([
    ['repeats the mail service dropped by key', 1_234_567, 0],
    ['effects', 1, 2],
  ])
  expect(text).toContain('1,234,567')
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})
