import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  accountsAfter,
  banksOf,
  imbalance,
  totalOf,
  transferRounds,
  wrongAccounts,
  type Transfer,
} from '../../scripts/fleet/transfers.ts'

const runs = fc.record({
  seed: fc.string(),
  keyCount: fc.integer({ min: 2, max: 350 }),
  insertCount: fc.integer({ min: 0, max: 700 }),
})

function transfersOf(options: { seed: string; keyCount: number; insertCount: number }): Transfer[] {
  return [...transferRounds(options)].flat().flatMap(({ transfer }) => transfer ?? [])
}

test('as many transfers as are wanted, each an item of its own, within a bank', () => {
  fc.assert(
    fc.property(runs, (options) => {
      const versions = [...transferRounds(options)].flat()
      expect(new Set(versions.map(({ key }) => key)).size).toBe(options.insertCount)
      const bankOf = new Map(banksOf(options.keyCount).flatMap((ids, bank) => ids.map((id) => [id, bank])))
      expect(bankOf.size).toBe(options.keyCount)
      for (const { from, to, amount } of transfersOf(options)) {
        expect(bankOf.get(from)).toBe(bankOf.get(to))
        expect(bankOf.get(from)).toBeDefined()
        expect(amount).toBeGreaterThan(0)
      }
    }),
  )
})

test('money only moves: whatever is carried out whole leaves nothing over', () => {
  fc.assert(
    fc.property(runs, (options) => {
      const accounts = accountsAfter(transfersOf(options)).values()
      expect(imbalance(accounts)).toBeUndefined()
    }),
  )
})

test('an account is wrong when a transfer was lost, carried out twice, or in half', () => {
  const transfers = [
    { from: 'a', to: 'b', amount: 5 },
    { from: 'b', to: 'c', amount: 7 },
  ]
  const expected = accountsAfter(transfers)
  expect(wrongAccounts(expected, accountsAfter(transfers.toReversed()))).toEqual([])
  expect(wrongAccounts(expected, accountsAfter(transfers.slice(1)))).toEqual([
    'a has 0 (0 sent, 0 received), and should have -5 (1 sent, 0 received)',
    'b has -7 (1 sent, 0 received), and should have -2 (1 sent, 1 received)',
  ])
  const twice = accountsAfter([...transfers, ...transfers.slice(0, 1)])
  expect(wrongAccounts(expected, twice).length).toBe(2)
  const half = new Map(expected).set('c', { balance: 0, sent: 0, received: 0 })
  expect(wrongAccounts(expected, half)).toEqual([
    'c has 0 (0 sent, 0 received), and should have 7 (0 sent, 1 received)',
  ])
  expect(imbalance(half.values())).toBe("a bank's balances add up to -7, 2 transfers were sent and 1 received")
  expect(wrongAccounts(expected, new Map([...expected, ['d', { balance: 0, sent: 0, received: 2 }]])).length).toBe(1)
})

test('two errors that even out in the sum show in the accounts', () => {
  const [one, other] = [
    { from: 'a', to: 'b', amount: 5 },
    { from: 'c', to: 'd', amount: 5 },
  ]
  const swapped = accountsAfter([one, one])
  expect(totalOf(swapped.values())).toEqual(totalOf(accountsAfter([one, other]).values()))
  expect(wrongAccounts(accountsAfter([one, other]), swapped).length).toBe(4)
})
