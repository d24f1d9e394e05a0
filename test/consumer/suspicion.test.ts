import { expect, test } from 'vitest'
import { prepare } from '../../src/consumer/prepare.ts'
import { resolveOptions } from '../../src/consumer/resolve-options.ts'
import { afterDeath } from '../../src/consumer/suspicion.ts'
import { batchOfEvent } from '../../src/source/lambda-event.ts'
import { changes, lambdaEvent } from '../support/events.ts'

const works = prepare(
  batchOfEvent(lambdaEvent(...changes('A:1', 'B:2', 'C:3', 'D:4'))),
  resolveOptions({ name: 'c', handler: () => {} }),
  { settle: () => {} },
).works
const createdAt = works[0]?.record?.createdAt.getTime() ?? NaN
const hourMs = 3_600_000

test('nothing is suspected where no owner died', () => {
  expect(works.filter(afterDeath(undefined))).toEqual([])
})

test('as many are suspected as the dead may have had, however often one is asked for', () => {
  const isSuspect = afterDeath({ knownAt: createdAt, suspectCount: 2 })
  expect(works.slice(0, 2).flatMap((work) => [work, work, work].map(isSuspect))).not.toContain(false)
  expect(works.filter(isSuspect)).toEqual(works.slice(0, 2))
})

test('what was written an hour after the death was noticed is not, whoever’s clock is behind by less', () => {
  const suspects = (knownAt: number) => works.filter(afterDeath({ knownAt, suspectCount: 9 })).length
  expect(suspects(createdAt - hourMs)).toBe(works.length)
  expect(suspects(createdAt - hourMs - 1)).toBe(0)
})
