import { expect, test } from 'vitest'
import { TransactionSize } from '../../../src/ledger/postgres/transaction-size.ts'

test('is halved by each conflict, down to one record, and doubles after a thousand records without one', () => {
  const size = new TransactionSize(100)
  const after = (event: () => void) => {
    event()
    return size.current
  }
  const conflict = () => size.conflicted()
  expect([1, 2, 3, 4, 5, 6, 7, 8].map(() => after(conflict))).toEqual([50, 25, 12, 6, 3, 1, 1, 1])
  for (let record = 1; record < 1_000; record += 1) size.committed(1)
  expect(size.current).toBe(1)
  expect(after(() => size.committed(1))).toBe(2)
  for (let record = 1; record < 1_000; record += 1) size.committed(1)
  expect(after(conflict)).toBe(1)
  expect(after(() => size.committed(999))).toBe(1)
  for (let doubling = 0; doubling < 7; doubling += 1) size.committed(1_000)
  expect(size.current).toBe(100)
})
