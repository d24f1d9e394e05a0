import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { renderTable } from '../../src/cli/demo/table.ts'
import { isClean, judge } from '../../src/cli/demo/verdict.ts'
import { main } from '../../src/cli/main.ts'

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
    expect(printed.join('\n')).toContain('tidemark demo')
  })

  test('tells its version', async () => {
    expect(await main(['--version'])).toBe(0)
    expect(printed).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+/)])
  })

  test.each([
    [['dmeo'], "there is no command 'dmeo'"],
    [['demo', '--loud'], 'there is no option --loud'],
    [['demo', 'twice'], "demo takes no 'twice'"],
    [['demo', '--messages', 'many'], "--messages must be a whole number from 50 to 100000; got 'many'"],
    [['demo', '--messages=3'], "got '3'"],
    [['demo', '--engine', 'postgres'], "--engine must be embedded or dynamodb-local; got 'postgres'"],
  ])('%j is refused with exit code 2 and the help', async (args, complaint) => {
    expect(await main(args)).toBe(2)
    expect(printed.join('\n')).toContain(complaint)
    expect(printed.join('\n')).toContain('Exit codes')
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
