import { expect, test } from 'vitest'
import type { EffectRow, RunFacts } from '../../scripts/fleet/facts.ts'
import { parseEntry, type EntryKind, type JournalEntry } from '../../scripts/fleet/journal.ts'
import type { Save, TenureEnd } from '../../scripts/fleet/tenures.ts'
import { isClean, judge, type Verdict } from '../../scripts/fleet/verdict.ts'

const kinds: Record<string, EntryKind> = { s: 'started', d: 'done', r: 'refused', f: 'failed' }

/** `s k@1 w1/1 10`: a handler of version 1 of k began in worker w1, under epoch 1, at 10 ms. */
function entries(...lines: readonly string[]): JournalEntry[] {
  return lines.map((line) => {
    const [kind = '', change = '', who = '', at] = line.split(' ')
    const [key = '', n = ''] = change.split('@')
    const [worker = '', epoch] = who.split('/')
    const facts = { key, n: Number(n), sequenceNumber: n, shardId: 'shard', epoch: Number(epoch), worker, attempt: 1 }
    return { kind: kinds[kind] ?? 'failed', ...facts, at: Number(at) }
  })
}

function row(change: string, who: string, sentAt: number): EffectRow {
  const [{ key, n, shardId, epoch, worker } = fail()] = entries(`d ${change} ${who} ${sentAt}`)
  return { key, n, shardId, epoch, worker, sentAt }
}

/** `w1/1 50`: worker w1 was answered at 50 ms that this is saved under epoch 1. */
function save(text: string, settled: Partial<Save>): Save {
  return { kind: 'saved', ...tenure(text), beyond: new Uint8Array(), ...settled }
}

function end(kind: TenureEnd['kind'], text: string): TenureEnd {
  return { kind, ...tenure(text) }
}

function tenure(text: string) {
  const [who = '', at] = text.split(' ')
  const [worker = '', epoch] = who.split('/')
  return { worker, shardId: 'shard', epoch: Number(epoch), at: Number(at) }
}

function fail(): never {
  throw new Error('no entry')
}

function verdict(facts: Partial<RunFacts>): Verdict {
  return judge({
    produced: new Map([['k', 2]]),
    entries: [],
    saves: [],
    ends: [],
    disturbances: [],
    ...facts,
  })
}

const inOrder = ['s k@1 w1/1 10', 'd k@1 w1/1 20', 's k@2 w1/1 30', 'd k@2 w1/1 40']

/** Names of the rules that are broken. */
function broken({ violations }: Verdict): readonly string[] {
  return Object.entries(violations).flatMap(([name, lines]) => (lines.length === 0 ? [] : [name]))
}

test('each version once and in order is clean', () => {
  const judged = verdict({ entries: entries(...inOrder) })
  expect(isClean(judged)).toBe(true)
  expect(judged.counts).toMatchObject({ produced: 2, effective: 2, handlerRuns: 2, repeated: 0 })
})

test('what a zombie did in vain is counted, and what it had committed before is not', () => {
  const zombie = ['s k@1 w1/1 10', 's k@2 w2/2 50', 'd k@2 w2/2 55', 'f k@1 w1/1 60', 's k@1 w2/2 70', 'd k@1 w2/2 75']
  const facts = { entries: entries(...zombie), rows: [row('k@1', 'w2/2', 72), row('k@2', 'w2/2', 52)] }
  expect(verdict(facts).counts.idleZombies).toBe(1)
  const early = { ...facts, rows: [row('k@1', 'w1/1', 11), row('k@2', 'w2/2', 52)] }
  expect(verdict(early).counts.idleZombies).toBe(0)
})

test('with a ledger nothing excuses a second commit, not even a death', () => {
  const facts = {
    produced: new Map([['k', 1]]),
    entries: entries('s k@1 w1/1 10', 's k@1 w2/2 50', 'd k@1 w2/2 60'),
    rows: [row('k@1', 'w1/1', 15), row('k@1', 'w2/2', 55)],
    disturbances: [{ worker: 'w1', kind: 'kill', from: 20, to: Infinity }],
  } as const
  expect(isClean(verdict(facts))).toBe(true)
  const judged = verdict({ ...facts, commitsOnce: true })
  expect(broken(judged)).toEqual(['unexplainedRepeats'])
  expect(judged.violations.unexplainedRepeats[0]).toContain('although the ledger had committed it')
})

test('a version without an effect is lost, although its handler began', () => {
  const judged = verdict({ entries: entries(...inOrder.slice(0, 3)) })
  expect(judged.violations.lost).toEqual(['k@2'])
  expect(broken(judged)).toEqual(['lost'])
})

test('an effect of what nobody produced is found', () => {
  const judged = verdict({ produced: new Map([['k', 1]]), entries: entries(...inOrder) })
  expect(judged.violations.unexpected).toEqual(['k@2'])
})

test('a handler that begins before the version before is done breaks the order', () => {
  const judged = verdict({ entries: entries('s k@1 w1/1 10', 's k@2 w2/2 15', 'd k@1 w1/1 20', 'd k@2 w2/2 30') })
  expect(broken(judged)).toEqual(['disorder'])
})

test('so does one before a version that is never done, also when that is lost', () => {
  const judged = verdict({ entries: entries(...inOrder.slice(2)) })
  expect(broken(judged)).toEqual(['lost', 'disorder'])
})

test('handlers of a key side by side in one process are found', () => {
  const judged = verdict({ entries: entries(...inOrder, 's k@2 w1/1 50', 's k@2 w1/1 55', 'd k@2 w1/1 60') })
  expect(broken(judged)).toContain('overlap')
})

const again = entries(...inOrder, 's k@2 w2/2 400', 'd k@2 w2/2 410')
const death = { worker: 'w1', kind: 'kill', from: 50, to: Infinity } as const
const first = save('w1/1 45', { after: '1' })

test('an effect again after the death of its worker, which had not saved it, is explained and counted', () => {
  const judged = verdict({ entries: again, disturbances: [death], saves: [first] })
  expect(isClean(judged)).toBe(true)
  expect(judged.counts).toMatchObject({ repeated: 1, repeatedBecause: { death: 1 }, saves: 1 })
})

test('so is one after the loss of the lease, and one whose first success nobody heard of', () => {
  const lost = verdict({ entries: again, ends: [end('lost', 'w1/1 300')] })
  expect([isClean(lost), lost.counts.repeatedBecause]).toEqual([true, { loss: 1 }])
  const unheard = verdict({ entries: again, ends: [end('released', 'w1/1 39')] })
  expect([isClean(unheard), unheard.counts.repeatedBecause]).toEqual([true, { silence: 1 }])
})

test.each([
  ['its worker lives, and did not lose the lease', {}],
  ['another worker died', { disturbances: [{ ...death, worker: 'w3' }] }],
  ['its worker had saved it before it died', { disturbances: [death], saves: [save('w1/1 45', { after: '2' })] }],
  ['its worker had saved it beyond the frontier', { disturbances: [death], saves: [beyond([2], 45)] }],
  ['an epoch before had saved it', { disturbances: [death], saves: [save('w0/0 45', { after: '2' })] }],
  ['its worker handed the shard over', { ends: [end('released', 'w1/1 300')] }],
  ['its shard was finished', { ends: [end('finished', 'w1/1 300')] }],
] as const)('an effect again is not explained when %s', (_name, facts) => {
  const judged = verdict({ entries: again, ...facts })
  expect(broken(judged)).toEqual(['unexplainedRepeats'])
  expect(judged.counts.repeatedBecause).toEqual({ nothing: 1 })
})

/** A checkpoint that has the k-th records behind the first one settled. */
function beyond(positions: readonly number[], at: number): Save {
  const bits = positions.reduce((byte, position) => byte | (1 << (position - 1)), 0)
  return save(`w1/1 ${at}`, { from: '1', beyond: Uint8Array.of(bits) })
}

test('what a later epoch saved explains nothing, and forbids nothing', () => {
  const judged = verdict({ entries: again, disturbances: [death], saves: [save('w2/2 420', { after: '2' })] })
  expect(isClean(judged)).toBe(true)
})

test('an effect again under the same epoch is never explained', () => {
  const judged = verdict({ entries: entries(...inOrder, 's k@2 w1/1 50', 'd k@2 w1/1 60'), disturbances: [death] })
  expect(broken(judged)).toEqual(['unexplainedRepeats', 'doneTwice'])
})

test('a zombie that ends its handler late is explained by its loss of the lease', () => {
  const story = entries(...inOrder.slice(0, 3), 's k@2 w2/2 400', 'd k@2 w2/2 410', 'd k@2 w1/1 500')
  expect(isClean(verdict({ entries: story, ends: [end('lost', 'w1/1 501')] }))).toBe(true)
  expect(broken(verdict({ entries: story }))).toEqual(['unexplainedRepeats'])
})

test.each([
  ['its prefix', save('w1/1 39', { after: '2' })],
  ['its bitmap', beyond([2], 39)],
])('a checkpoint that passes what is not done, with %s, is found', (_name, early) => {
  const facts = { entries: entries(...inOrder) }
  expect(broken(verdict({ ...facts, saves: [early] }))).toEqual(['savedUndone'])
  expect(isClean(verdict({ ...facts, saves: [{ ...early, at: 41 }] }))).toBe(true)
})

test('handlers begun under an old epoch are counted; more of them than pauses are a broken promise', () => {
  const story = entries(...inOrder, 's k@2 w2/2 400', 'd k@2 w2/2 410', 's k@2 w1/1 500', 'f k@2 w1/1 510')
  const ends = [end('lost', 'w1/1 505')]
  const pause = { worker: 'w1', kind: 'pause', from: 45, to: 499 } as const
  expect(verdict({ entries: story, disturbances: [pause], ends })).toMatchObject({ counts: { zombieStarts: 1 } })
  expect(isClean(verdict({ entries: story, disturbances: [pause], ends }))).toBe(true)
  const more = [...story, ...entries('s k@1 w1/1 520', 'f k@1 w1/1 530')]
  expect(broken(verdict({ entries: more, disturbances: [pause], ends }))).toEqual(['zombieStarts'])
})

const takenOver = entries('s k@1 w1/1 10', 's k@1 w2/2 400', 'd k@1 w2/2 410', 's k@2 w2/2 420', 'd k@2 w2/2 430')
const rows = [row('k@1', 'w2/2', 405), row('k@2', 'w2/2', 425)]

test('fenced, what the table refused is counted and no effect', () => {
  const judged = verdict({ entries: [...takenOver, ...entries('r k@1 w1/1 500')], rows })
  expect(isClean(judged)).toBe(true)
  expect(judged.counts).toMatchObject({ effective: 2, repeated: 0, refused: 1 })
})

test('fenced, an effect sent under an old epoch after the takeover must not be in the table', () => {
  const ends = [end('lost', 'w1/1 501')]
  const judged = verdict({ entries: takenOver, rows: [...rows, row('k@1', 'w1/1', 500)], ends })
  expect(broken(judged)).toEqual(['zombieEffects'])
})

test('fenced, an effect sent before the takeover may be there', () => {
  const disturbances = [{ worker: 'w1', kind: 'kill', from: 15, to: Infinity }] as const
  const judged = verdict({ entries: takenOver, rows: [...rows, row('k@1', 'w1/1', 12)], disturbances })
  expect(isClean(judged)).toBe(true)
  expect(judged.counts.repeated).toBe(1)
})

test('fenced, an effect that was answered and is not in the table has vanished', () => {
  expect(broken(verdict({ entries: takenOver, rows: rows.slice(0, 1) }))).toEqual(['lost', 'vanished'])
})

test('a line that is not of a journal is an error, and not passed over', () => {
  expect(() => parseEntry('done k 1')).toThrow('not a line of a journal')
  expect(parseEntry('done k 1 7 s 2 w 1 10.5')).toEqual({
    kind: 'done',
    key: 'k',
    n: 1,
    sequenceNumber: '7',
    shardId: 's',
    epoch: 2,
    worker: 'w',
    attempt: 1,
    at: 10.5,
  })
})
