import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LedgerEntry } from '../../src/ledger/ledger.ts'
import { mostHoles, ShardOrder, type Patience, type ShardMark } from '../../src/ledger/shard-order.ts'
import { parseSequenceNumber } from '../../src/record/sequence-number.ts'

const nothing: ShardMark = { through: '', holes: new Map() }

function entry(lane: string, sequence: number): LedgerEntry {
  const sequenceNumber = parseSequenceNumber(String(sequence), 'test')
  const text = String(sequence)
  return { idempotencyKey: text, laneKey: lane, eventId: text, streamArn: '', sequenceNumber }
}

/** `A:1 B:2` as entries. */
function entries(text: string): LedgerEntry[] {
  return text.split(' ').map((one) => entry(one.split(':')[0] ?? '', Number(one.split(':')[1])))
}

/** Sets records ready, or aside (`!3`), or running (`~3`). */
function set(order: ShardOrder<string>, all: readonly LedgerEntry[], text: string): void {
  for (const one of text.split(' ')) {
    const sequence = one.replace(/[!~]/, '')
    const found = all.find(({ sequenceNumber }) => sequenceNumber === sequence)
    const slot = found && order.find(found)
    if (slot === undefined) throw new Error(`no slot for ${one}`)
    slot.state = one.startsWith('!') ? 'aside' : one.startsWith('~') ? 'running' : 'ready'
    slot.ready = slot.state === 'ready' ? sequence : undefined
  }
}

/** What would be committed next; and commits it. */
function commit(order: ShardOrder<string>, patience: Patience = 'for-all', most = Infinity): string[] {
  const taken: string[] = []
  const mark = order.next(patience, (_slot, ready) => taken.length < most && taken.push(ready) > 0)
  if (mark !== undefined) order.adopt(mark)
  return taken
}

/** Which of them a new owner would take for done. */
function done(mark: ShardMark, all: readonly LedgerEntry[]): string[] {
  const order = new ShardOrder<string>(mark)
  order.admit(all)
  return all.flatMap((one) => {
    const slot = order.find(one)
    return slot === undefined || slot.state === 'done' ? [one.sequenceNumber] : []
  })
}

describe('the order of a shard', () => {
  test('lets what is ready wait for what stands before it', () => {
    const all = entries('A:1 B:2 C:3')
    const order = new ShardOrder<string>(nothing)
    order.admit(all)
    set(order, all, '~1 2 3')
    expect(commit(order)).toEqual([])
    set(order, all, '1')
    expect(commit(order)).toEqual(['1', '2', '3'])
  })

  test('goes past a lane that stands still, with all that it holds, and remembers that it is not done', () => {
    const all = entries('A:1 B:2 A:3 C:4')
    const order = new ShardOrder<string>(nothing)
    order.admit(all)
    set(order, all, '!1 2 4')
    expect(commit(order)).toEqual(['2', '4'])
    expect(done(order.mark, all)).toEqual(['2', '4'])
    set(order, all, '1')
    expect(commit(order)).toEqual(['1'])
    expect(done(order.mark, all)).toEqual(['1', '2', '4'])
    set(order, all, '3')
    expect(commit(order)).toEqual(['3'])
    expect(order.mark.holes.size).toBe(0)
  })

  test('keeps a hole that it was left until it has read again all that the hole may cover', () => {
    const all = entries('A:1 B:2 A:3 C:4')
    const order = new ShardOrder<string>(nothing)
    order.admit(all)
    set(order, all, '!1 2 4')
    commit(order)
    const heir = new ShardOrder<string>(order.mark)
    heir.admit(all.slice(0, 2)) // and not yet A:3
    set(heir, all, '1')
    expect(commit(heir)).toEqual(['1'])
    expect(done(heir.mark, all)).toEqual(['1', '2', '4'])
  })

  test('waits for nobody who is not begun when nothing is begun any more, and at last for nobody', () => {
    const all = entries('A:1 B:2 C:3 D:4')
    const order = new ShardOrder<string>(nothing)
    order.admit(all)
    set(order, all, '2 ~3 4')
    expect(commit(order, 'for-running')).toEqual(['2'])
    expect(commit(order, 'for-none')).toEqual(['4'])
    expect(done(order.mark, all)).toEqual(['2', '4'])
  })

  test('leaves no more lanes behind than its row can hold; those can still catch up', () => {
    const all = Array.from({ length: mostHoles + 3 }, (_, n) => entry(`lane-${n}`, n + 1))
    const order = new ShardOrder<string>(nothing)
    order.admit(all)
    for (const one of all) set(order, all, `!${one.sequenceNumber}`)
    set(order, all, `${mostHoles + 1}`)
    expect(commit(order)).toEqual([`${mostHoles + 1}`])
    set(order, all, `${mostHoles + 3}`)
    expect(commit(order)).toEqual([]) // it would be the thousand and first
    set(order, all, '1')
    expect(commit(order)).toEqual(['1', `${mostHoles + 3}`])
    expect(order.mark.holes.size).toBe(mostHoles)
  })

  test('says of each record at any time whether it has taken effect, whoever takes over and when', () => {
    const lanes = ['A', 'B', 'C', 'D']
    const step = fc.record({ what: fc.integer({ min: 0, max: 9 }), pick: fc.nat(), skip: fc.nat() })
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...lanes), { minLength: 1, maxLength: 14 }),
        fc.array(step, { maxLength: 60 }),
        (laneOf, steps) => {
          const all = laneOf.map((lane, index) => entry(lane, index + 1))
          const effects = new Set<string>()
          let mark = nothing
          let order = new ShardOrder<string>(mark)
          let admitted = 0
          for (const { what, pick, skip } of steps) {
            // The head of each lane that may be worked: lanes run one record at a time.
            const open = all.slice(0, admitted).filter((one) => (order.find(one)?.state ?? 'done') !== 'done')
            const heads = lanes.flatMap((lane) => open.find(({ laneKey }) => laneKey === lane) ?? [])
            const head = heads[pick % Math.max(1, heads.length)]
            const slot = head && order.find(head)
            if (what === 0) {
              // Another owner: it reads again from the first record without effect, and skips some of the done ones.
              order = new ShardOrder<string>(mark)
              const frontier = all.findIndex((one) => !effects.has(one.sequenceNumber))
              admitted = frontier < 0 ? all.length : frontier
            } else if (what <= 3 && admitted < all.length) {
              const page = all.slice(admitted, admitted + 1 + (pick % 3))
              admitted += page.length
              order.admit(page.filter((one, index) => !effects.has(one.sequenceNumber) || (skip >> index) % 2 === 0))
            } else if (what <= 6 && slot !== undefined) {
              slot.state = what === 4 ? 'running' : what === 5 ? 'aside' : 'ready'
              slot.ready = what === 6 ? slot.entry.sequenceNumber : undefined
            } else {
              const taken = commit(order, (['for-all', 'for-running', 'for-none'] as const)[pick % 3], 1 + (skip % 4))
              for (const one of taken) {
                expect(effects.has(one), `a second effect of ${one}`).toBe(false)
                effects.add(one)
              }
              mark = order.mark
            }
            expect(done(mark, all)).toEqual(all.map((one) => one.sequenceNumber).filter((one) => effects.has(one)))
          }
        },
      ),
      { numRuns: 3_000 },
    )
  })
})
