import { describe, expect, test } from 'vitest'
import { CoordinationError } from '../../src/errors.ts'
import type { MemberRow } from '../../src/leases/coordination.ts'
import { Liveness } from '../../src/leases/liveness.ts'

const member = (id: string, beat: number, more: Partial<MemberRow> = {}): MemberRow => ({
  id,
  beat,
  changes: 0,
  leaving: false,
  host: 'host',
  joinedAt: 0,
  ...more,
})

function observer() {
  const liveness = new Liveness({ self: 'self', leaseDurationMs: 10_000 })
  const see = (sentAtMs: number, receivedAtMs: number, ...rows: MemberRow[]) =>
    liveness.observe({ rows, sentAtMs, receivedAtMs })
  return { liveness, see }
}

describe('a member is dead', () => {
  test('when a request sent a lease duration after the reply that first showed its beat still shows it', () => {
    const { liveness, see } = observer()
    see(0, 100, member('a', 1))
    see(10_099, 10_200, member('a', 1))
    expect([...liveness.dead]).toEqual([])
    expect(see(10_100, 10_200, member('a', 1))).toBe(true)
    expect([...liveness.dead]).toEqual(['a'])
    expect(see(10_500, 10_600, member('a', 1))).toBe(false) // no news twice
  })

  test('not when it was the reply that took long, or the observer that slept before it came', () => {
    const { liveness, see } = observer()
    see(0, 100, member('a', 1))
    see(500, 60_000, member('a', 1))
    expect([...liveness.dead]).toEqual([])
    see(60_001, 60_100, member('a', 15))
    expect([...liveness.dead]).toEqual([])
  })

  test('not while its beat rises, however slowly the replies come', () => {
    const { liveness, see } = observer()
    for (let beat = 1; beat < 20; beat += 1) see(beat * 9_999, beat * 9_999 + 5_000, member('a', beat))
    expect([...liveness.dead]).toEqual([])
  })

  test('no more when it beats after all', () => {
    const { liveness, see } = observer()
    see(0, 0, member('a', 1))
    see(10_000, 10_000, member('a', 1))
    expect(see(10_500, 10_500, member('a', 2))).toBe(true)
    expect([...liveness.dead]).toEqual([])
  })

  test("when it was silent for its own lease, be the observer's longer or shorter; for the observer's when it says none", () => {
    const { liveness, see } = observer()
    const rows = [member('long', 1, { leaseDurationMs: 30_000 }), member('short', 1, { leaseDurationMs: 3_000 })]
    const seenAt = (atMs: number) => (see(atMs, atMs, ...rows, member('silent', 1)), [...liveness.dead])
    expect([seenAt(0), seenAt(2_999)]).toEqual([[], []])
    expect(seenAt(3_000)).toEqual(['short'])
    expect(seenAt(9_999)).toEqual(['short'])
    expect(seenAt(10_000)).toEqual(['short', 'silent'])
    expect(seenAt(29_999)).toEqual(['short', 'silent'])
    expect(seenAt(30_000)).toEqual(['short', 'silent', 'long'])
  })

  test('by a row that can not be read: when its lease is over since it was first seen so', () => {
    const { liveness, see } = observer()
    const unreadable = new CoordinationError('not as we write it', { retryable: false })
    see(0, 0, member('a', 7))
    see(9_000, 9_000, member('a', 0, { unreadable }))
    see(18_999, 18_999, member('a', 0, { unreadable }))
    expect([...liveness.dead]).toEqual([])
    see(19_000, 19_000, member('a', 0, { unreadable }))
    expect([...liveness.dead]).toEqual(['a'])
    see(19_500, 19_500, member('a', 7)) // somebody has repaired it, and it is counted anew
    expect([...liveness.dead]).toEqual([])
    see(29_500, 29_500, member('a', 7))
    expect([...liveness.dead]).toEqual(['a'])
  })

  test('never by its own judgement: its right to work says whether it may go on', () => {
    const { liveness, see } = observer()
    see(0, 0, member('self', 1))
    expect(see(20_000, 20_000, member('self', 1))).toBe(false)
    expect([...liveness.dead]).toEqual([])
  })
})

test('a stale read, with a smaller beat, is neither news nor a sign of life nor one of silence', () => {
  const { liveness, see } = observer()
  see(0, 0, member('a', 5, { changes: 2 }))
  expect(see(5_000, 5_000, member('a', 4, { changes: 1 }))).toBe(false)
  expect(see(12_000, 12_000, member('a', 4, { changes: 1 }))).toBe(false)
  expect(liveness.rows).toEqual([member('a', 5, { changes: 2 })])
  expect(see(12_001, 12_001, member('a', 5, { changes: 2 }))).toBe(true)
})

test('news is who comes, goes, leaves or changed leases; a mere heartbeat is none, and nothing that oneself did', () => {
  const { see } = observer()
  expect(see(0, 0, member('self', 0), member('a', 1))).toBe(true)
  expect(see(1, 1, member('self', 1, { changes: 1 }), member('a', 2))).toBe(false)
  expect(see(2, 2, member('self', 2), member('a', 3, { changes: 1 }))).toBe(true)
  expect(see(3, 3, member('self', 3), member('a', 4, { changes: 1, leaving: true }))).toBe(true)
  expect(see(4, 4, member('self', 4))).toBe(true)
  expect(see(5, 5, member('self', 5))).toBe(false)
  expect(see(6, 6)).toBe(true)
})
