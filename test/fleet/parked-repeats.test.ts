import { expect, test } from 'vitest'
import { parseEntry } from '../../scripts/fleet/journal.ts'
import { parkingsOf } from '../../scripts/fleet/parks.ts'
import { redrivenFrom } from '../../scripts/fleet/poison.ts'
import { judge } from '../../scripts/fleet/verdict.ts'

/** `d k@2 w1/1 30`: version 2 of k was done by w1, under epoch 1, at 30 ms; `s` it began, and a redriver has no epoch. */
function entries(...lines: readonly string[]) {
  return lines.map((line) => {
    const [kind, change = '', who = '', at] = line.split(' ')
    const [key, n] = change.split('@')
    const [worker = '', epoch = '1'] = who.split('/')
    const shardId = worker.startsWith('r') ? redrivenFrom(worker, 'shard') : 'shard'
    return parseEntry([kind === 's' ? 'started' : 'done', key, n, n, shardId, epoch, worker, 1, at].join(' '))
  })
}

/** `k@2 w1/1 30`: w1 noted at 30 ms that version 2 is parked; it had acquired epoch 1 of the shard before. */
function parked(...lines: readonly string[]) {
  const notes = lines.map((line) => {
    const [change = '', who = '', at] = line.split(' ')
    const [key = '', n = ''] = change.split('@')
    const [worker = '', epoch] = who.split('/')
    return { key, sequenceNumber: n, worker, epoch: Number(epoch), at: Number(at) }
  })
  return {
    parks: notes.map(({ epoch: _, ...note }) => ({ kind: 'parked' as const, ...note })),
    acquisitions: notes.map(({ worker, epoch, at }) => ({
      ...{ kind: 'acquired' as const, worker, shardId: 'shard', epoch, at: at - 1 },
    })),
  }
}

interface Told {
  readonly journal: readonly string[]
  readonly parks: readonly string[]
  readonly killed?: readonly string[]
  /** `2 w1/1 40`: w1 was answered at 40 ms that everything up to version 2 is saved. */
  readonly saved?: string
}

function judged({ journal, parks, killed = [], saved }: Told) {
  const all = entries(...journal)
  const last = Math.max(...all.map(({ n }) => n))
  const [after = '', who = '', at] = saved?.split(' ') ?? []
  const [worker = '', epoch] = who.split('/')
  const save = { kind: 'saved', worker, shardId: 'shard', epoch: Number(epoch), at: Number(at), after } as const
  const { violations, counts } = judge({
    produced: new Map([['k', last]]),
    entries: all,
    parkings: parkingsOf(parked(...parks), all),
    saves: saved === undefined ? [] : [{ ...save, beyond: new Uint8Array() }],
    ends: [],
    disturbances: killed.map((name) => ({ worker: name, kind: 'kill', from: 0, to: Infinity })),
  })
  return { ...violations, because: counts.repeatedBecause }
}

const redriven = ['s k@1 w1/1 10', 'd k@1 w1/1 11', 's k@2 r1 50', 'd k@2 r1 51', 's k@3 r1 60', 'd k@3 r1 61']

test('poison and what queued behind it take effect once, and a save may pass what is parked', () => {
  const { unexplainedRepeats, savedUndone, because } = judged({
    ...{ journal: redriven, parks: ['k@2 w1/1 20', 'k@3 w1/1 21'], saved: '3 w1/1 40' },
  })
  expect([unexplainedRepeats, savedUndone, because]).toEqual([[], [], {}])
})

test('a save that passes what is neither done nor parked would have lost it', () => {
  const { savedUndone } = judged({ journal: redriven, parks: ['k@2 w1/1 20', 'k@3 w1/1 45'], saved: '3 w1/1 40' })
  expect(savedUndone).toHaveLength(1)
  expect(savedUndone[0]).toContain('k@3 was not done when')
})

test('what was handled, and is queued by the next owner, may take effect again if its first was not saved', () => {
  const journal = ['s k@1 w1/1 10', 'd k@1 w1/1 11', 's k@1 r1 50', 'd k@1 r1 51']
  const told = { journal, parks: ['k@1 w2/2 30'], killed: ['w1'] }
  expect(judged(told)).toMatchObject({ unexplainedRepeats: [], because: { death: 1 } })
  expect(judged({ ...told, saved: '1 w1/1 20' }).unexplainedRepeats).toHaveLength(1)
  expect(judged({ ...told, parks: ['k@1 w1/1 30'] }).unexplainedRepeats).toHaveLength(1)
})

test('a worker never handles what is parked', () => {
  const journal = [...redriven, 's k@3 w2/2 70', 'd k@3 w2/2 71']
  const told = judged({ journal, parks: ['k@2 w1/1 20', 'k@3 w1/1 21'], killed: ['w1'] })
  expect(told.unexplainedRepeats).toHaveLength(1)
  expect(told.unexplainedRepeats[0]).toContain('although it was parked')
})

test('but behind an earlier version that runs again what was redriven does too, or an old state would stay', () => {
  const again = ['s k@1 w2/2 65', 'd k@1 w2/2 66', 's k@3 w2/2 70', 'd k@3 w2/2 71']
  const told = { journal: [...redriven, ...again], parks: ['k@2 w1/1 20', 'k@3 w1/1 21'] }
  expect(judged({ ...told, killed: ['w1'] })).toMatchObject({ unexplainedRepeats: [], because: { death: 1, order: 1 } })
  // Whether the earlier one may run again is judged by itself.
  expect(judged(told).unexplainedRepeats).toHaveLength(1)
})

test('also when the shard changes hands between the two; one that comes only later is no reason', () => {
  const told = { parks: ['k@2 w1/1 20', 'k@3 w1/1 21'], killed: ['w1'] }
  const handedOn = ['s k@1 w2/2 65', 'd k@1 w2/2 66', 's k@3 w3/3 70', 'd k@3 w3/3 71']
  expect(judged({ ...told, journal: [...redriven, ...handedOn] })).toMatchObject({
    ...{ unexplainedRepeats: [], because: { death: 1, order: 1 } },
  })
  const tooLate = ['s k@3 w2/2 65', 'd k@3 w2/2 66', 's k@1 w3/3 70', 'd k@1 w3/3 71']
  expect(judged({ ...told, journal: [...redriven, ...tooLate] }).unexplainedRepeats).toEqual([
    expect.stringContaining('although it was parked'),
  ])
})

test('a redriver repeats what another was killed over, and nothing else', () => {
  const journal = ['s k@1 w1/1 10', 'd k@1 w1/1 11', 's k@2 r1 50', 'd k@2 r1 51', 's k@2 r2 90', 'd k@2 r2 91']
  const told = { journal, parks: ['k@2 w1/1 20'] }
  expect(judged({ ...told, killed: ['r1'] })).toMatchObject({ unexplainedRepeats: [], because: { death: 1 } })
  expect(judged(told).unexplainedRepeats).toHaveLength(1)
  const wentOn = [...journal, 's k@3 r1 60', 'd k@3 r1 61']
  const { unexplainedRepeats } = judged({
    ...told,
    journal: wentOn,
    parks: ['k@2 w1/1 20', 'k@3 w1/1 21'],
    killed: ['r1'],
  })
  expect(unexplainedRepeats[0]).toContain('although its redriver went on to version 3')
})
