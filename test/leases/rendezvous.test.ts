import { expect, test } from 'vitest'
import { hashOf, rendezvousWeight, rendezvousWinner } from '../../src/leases/rendezvous.ts'

const members = Array.from({ length: 8 }, (_, index) => `member-${index}`)
const keys = Array.from({ length: 8000 }, (_, index) => `key-${index}`)

test('hashes and weights never change: workers of two versions must agree', () => {
  expect(hashOf('')).toBe(0x811c9dc5)
  expect(hashOf('a')).toBe(0xe40c292c) // FNV-1a's published value
  expect(rendezvousWeight(hashOf('lease'), hashOf('member'))).toBe(0x799cbfde)
  expect(rendezvousWinner('discovery', ['a', 'b', 'c', 'd'])).toBe('c')
})

test('a key prefers the same member whatever the order, and only the keys of one that goes move', () => {
  for (const key of keys.slice(0, 500)) {
    const winner = rendezvousWinner(key, members)
    expect(rendezvousWinner(key, members.toReversed())).toBe(winner)
    const rest = members.filter((id) => id !== 'member-3')
    if (winner !== 'member-3') expect(rendezvousWinner(key, rest)).toBe(winner)
  }
})

test('keys are spread evenly', () => {
  const counts = new Map<string | undefined, number>()
  for (const key of keys) {
    const winner = rendezvousWinner(key, members)
    counts.set(winner, (counts.get(winner) ?? 0) + 1)
  }
  // 1,000 each; the standard deviation is 30.
  expect(Math.min(...counts.values())).toBeGreaterThan(850)
  expect(Math.max(...counts.values())).toBeLessThan(1150)
})

test('nobody wins where there is nobody', () => {
  expect(rendezvousWinner('key', [])).toBeUndefined()
})
