import { channel } from 'node:diagnostics_channel'
import { afterEach, describe, expect, test } from 'vitest'
import { errorText, itemKeyText } from '../../../src/cli/item-key-text.ts'
import { narrate } from '../../../src/cli/run/narrate.ts'
import { type Backlog, summarize } from '../../../src/cli/run/summary.ts'
import { startTally } from '../../../src/cli/run/tally.ts'
import { encodeItemKey } from '../../../src/record/item-key.ts'
import { createManualClock } from '../../../src/testing/manual-clock.ts'

const lines: string[] = []
const printer = { print: (event: string, text: string) => void lines.push(`${event} ${text}`) }
const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
  lines.length = 0
})

describe('the summary', () => {
  const still: Backlog = { lagMs: 0, stuckLaneCount: 0, shardCount: 1, haltedShardCount: 0 }
  const started = (backlog: () => Backlog = () => still) => {
    const clock = createManualClock()
    const tally = startTally()
    ends.push(summarize(printer, clock, tally, backlog), () => tally.end())
    return clock
  }
  const handle = (times: number) => {
    for (let time = 0; time < times; time += 1) channel('tidemark:record:handled').publish({})
  }

  test('says nothing while nothing happens', async () => {
    const clock = started()
    await clock.advance(60_000)
    expect(lines).toEqual([])
  })

  test('comes within a second after a silence, then every ten, with the rate of those seconds', async () => {
    const clock = started()
    await clock.advance(30_000)
    handle(1_500)
    await clock.advance(1_000)
    expect(lines).toEqual(['handled 1,500 in all, 1,500/s, lag under 1 s'])
    handle(500)
    await clock.advance(9_000)
    expect(lines).toHaveLength(1)
    await clock.advance(1_000)
    expect(lines.slice(1)).toEqual(['handled 2,000 in all, 50/s, lag under 1 s'])
  })

  test('tells of stuck lanes and halted shards', async () => {
    const clock = started(() => ({ lagMs: 65_000, stuckLaneCount: 1, shardCount: 2, haltedShardCount: 2 }))
    await clock.advance(1_000)
    expect(lines).toEqual(['handled 0 in all, 0/s, lag 65 s, 1 stuck lane, 2 halted shards'])
  })
})

describe('a lane that stops', () => {
  const stopped = (error: unknown) =>
    channel('tidemark:lane:stopped').publish({
      ...{ consumer: 'receipts', laneKey: encodeItemKey({ id: { S: 'a' } }, ''), sequenceNumber: '1' },
      ...{ reason: 'poison', attempts: 3, error },
    })

  test('is told of once, and again when its record has succeeded', () => {
    ends.push(narrate(printer))
    stopped(new Error('no'))
    stopped(new Error('no'))
    channel('tidemark:record:handled').publish({ consumer: 'receipts', sequenceNumber: '1' })
    expect(lines).toEqual([
      'poison receipts: id=a: Error: no (tried 3 times; its later changes wait, and it is tried again)',
      'mended receipts: id=a: it has succeeded now',
    ])
  })
})

test.each([
  [{ id: { S: 'a:1' } }, 'id=a:1'],
  [{ sk: { N: '7' }, pk: { S: 'S2:id' } }, 'pk=S2:id, sk=7'],
])('the key %j is shown as %s', (key, text) => {
  expect(itemKeyText(encodeItemKey(key, ''))).toBe(text)
})

test('what an error says can neither break the line nor steer the terminal', () => {
  expect(errorText(new Error('a\nb\u001B[2J'))).toBe('Error: a b [2J')
})
