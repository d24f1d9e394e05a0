import { expect, test } from 'vitest'
import type { EffectRow, RunFacts } from '../../scripts/fleet/facts.ts'
import { parseEntry, type EntryKind, type JournalEntry } from '../../scripts/fleet/journal.ts'
import { isClean, judge, type Verdict } from '../../scripts/fleet/verdict.ts'

const kinds: Record<string, EntryKind> = { s: 'started', d: 'done', r: 'refused', f: 'failed' }

/** `s k@1 w1/1 10`: a handler of version 1 of k began in worker w1, under epoch 1, at 10 ms. */
function entries(...lines: readonly string[]): JournalEntry[] {
  return lines.map((line) => {
    const [kind = '', change = '', who = '', at] = line.split(' ')
    const [key = '', n] = change.split('@')
    const [worker = '', epoch] = who.split('/')
    const facts = { key, n: Number(n), eventId: change, shardId: 'shard', epoch: Number(epoch), worker, attempt: 1 }
    return { kind: kinds[kind] ?? 'failed', ...facts, at: Number(at) }
  })
}

function row(change: string, who: string, sentAt: number): EffectRow {
  const [{ kind: _kind, at: _at, attempt: _attempt, eventId: _eventId, ...facts } = fail()] = entries(
    `d ${change} ${who} ${sentAt}`,
  )
  return { ...facts, sentAt }
}

function fail(): never {
  throw new Error('no entry')
}

function verdict(facts: Partial<RunFacts>): Verdict {
  return judge({
    produced: new Map([['k', 2]]),
    entries: [],
    disturbances: [],
    unsavedMs: 100,
    leaseDurationMs: 300,
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

test('an effect again after the death of its worker is explained, and counted', () => {
  const judged = verdict({ entries: again, disturbances: [{ worker: 'w1', kind: 'kill', from: 50, to: Infinity }] })
  expect(isClean(judged)).toBe(true)
  expect(judged.counts).toMatchObject({ repeated: 1, repeatedBecause: { kill: 1 } })
})

test.each([
  ['nothing happened', []],
  ['another worker died', [{ worker: 'w3', kind: 'kill', from: 50, to: Infinity }]],
  ['it died when it must have saved that long ago', [{ worker: 'w1', kind: 'kill', from: 141, to: Infinity }]],
  ['it was paused after the repeat', [{ worker: 'w1', kind: 'pause', from: 420, to: 900 }]],
  ['it was paused, and had long recovered', [{ worker: 'w1', kind: 'pause', from: -900, to: -300 }]],
] as const)('an effect again is not explained when %s', (_name, disturbances) => {
  const judged = verdict({ entries: again, disturbances })
  expect(broken(judged)).toEqual(['unexplainedRepeats'])
  expect(judged.counts.repeatedBecause).toEqual({ nothing: 1 })
})

test('an effect again under the same epoch is never explained', () => {
  const judged = verdict({
    entries: entries(...inOrder, 's k@2 w1/1 50', 'd k@2 w1/1 60'),
    disturbances: [{ worker: 'w1', kind: 'pause', from: 45, to: 48 }],
  })
  expect(broken(judged)).toEqual(['unexplainedRepeats'])
})

test('a zombie that ends its handler late is explained by its pause', () => {
  const story = entries(...inOrder.slice(0, 3), 's k@2 w2/2 400', 'd k@2 w2/2 410', 'd k@2 w1/1 500')
  const disturbances = [{ worker: 'w1', kind: 'pause', from: 35, to: 499 }] as const
  expect(isClean(verdict({ entries: story, disturbances }))).toBe(true)
  expect(broken(verdict({ entries: story }))).toEqual(['unexplainedRepeats'])
})

test('handlers begun under an old epoch are counted; more of them than pauses are a broken promise', () => {
  const story = entries(...inOrder, 's k@2 w2/2 400', 'd k@2 w2/2 410', 's k@2 w1/1 500', 'f k@2 w1/1 510')
  const pause = { worker: 'w1', kind: 'pause', from: 45, to: 499 } as const
  expect(verdict({ entries: story, disturbances: [pause] })).toMatchObject({ counts: { zombieStarts: 1 } })
  expect(isClean(verdict({ entries: story, disturbances: [pause] }))).toBe(true)
  const more = [...story, ...entries('s k@1 w1/1 520', 'f k@1 w1/1 530')]
  expect(broken(verdict({ entries: more, disturbances: [pause] }))).toEqual(['zombieStarts'])
})

const takenOver = entries('s k@1 w1/1 10', 's k@1 w2/2 400', 'd k@1 w2/2 410', 's k@2 w2/2 420', 'd k@2 w2/2 430')
const rows = [row('k@1', 'w2/2', 405), row('k@2', 'w2/2', 425)]

test('fenced, what the table refused is counted and no effect', () => {
  const judged = verdict({ entries: [...takenOver, ...entries('r k@1 w1/1 500')], rows })
  expect(isClean(judged)).toBe(true)
  expect(judged.counts).toMatchObject({ effective: 2, repeated: 0, refused: 1 })
})

test('fenced, an effect sent under an old epoch after the takeover must not be in the table', () => {
  const disturbances = [{ worker: 'w1', kind: 'pause', from: 15, to: 499 }] as const
  const judged = verdict({ entries: takenOver, rows: [...rows, row('k@1', 'w1/1', 500)], disturbances })
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
  expect(parseEntry('done k 1 e s 2 w 1 10.5')).toEqual({
    kind: 'done',
    key: 'k',
    n: 1,
    eventId: 'e',
    shardId: 's',
    epoch: 2,
    worker: 'w',
    attempt: 1,
    at: 10.5,
  })
})
