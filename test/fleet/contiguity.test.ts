import { expect, test } from 'vitest'
import { Contiguity } from '../../scripts/fleet/contiguity.ts'

test('a later version seen first in one look is nothing, when the earlier one comes in the next', () => {
  const watch = new Contiguity()
  watch.add('k', 1)
  watch.add('k', 3)
  watch.endLook()
  watch.add('k', 2)
  watch.endLook()
  watch.endLook()
  expect(watch.violations).toEqual([])
})

test('a version that is missing a whole look after its successor was seen is out of order', () => {
  const watch = new Contiguity()
  watch.add('k', 1)
  watch.add('k', 3)
  watch.endLook()
  expect(watch.violations).toEqual([])
  watch.endLook()
  expect(watch.violations).toEqual(['k@3 was seen, and a look later k@2 was not there'])
  watch.endLook()
  expect(watch.violations.length, 'told once').toBe(1)
})

test('repeats change nothing', () => {
  const watch = new Contiguity()
  for (const n of [1, 2, 1, 2, 3]) watch.add('k', n)
  watch.endLook()
  watch.endLook()
  expect(watch.violations).toEqual([])
})
