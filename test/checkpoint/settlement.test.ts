import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SettlementBook } from '../../src/checkpoint/settlement.ts'

test('the frontier is the first position that is not settled, in whatever order the others are', () => {
  fc.assert(
    fc.property(fc.nat(30), fc.array(fc.nat(29)), (count, order) => {
      const book = new SettlementBook(count)
      const settled = new Set<number>()
      for (const position of order.filter((one) => one < count)) {
        book.settle(position, 'handled')
        settled.add(position)
        const expected = Array.from({ length: count }, (_, at) => at).find((at) => !settled.has(at)) ?? count
        expect(book.frontier).toBe(expected)
        expect(book.settledCount).toBe(settled.size)
      }
    }),
  )
})

test('a settlement is final, and a closed book takes no more', () => {
  const book = new SettlementBook(3)
  book.settle(0, 'filtered')
  book.settle(0, 'handled')
  const settlements = book.close()
  book.settle(1, 'handled')
  expect(settlements).toEqual(['filtered', undefined, undefined])
  expect(book.frontier).toBe(1)
})
