import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../src/simulation/random.ts'

const draws = (random: SeededRandom) => Array.from({ length: 50 }, () => random.next())

describe('SeededRandom', () => {
  it('gives the same stream for the same seed, another for another', () => {
    expect(draws(new SeededRandom('1'))).toEqual(draws(new SeededRandom('1')))
    expect(draws(new SeededRandom('1'))).not.toEqual(draws(new SeededRandom('2')))
  })

  it('forks by name, whatever has been drawn before', () => {
    const random = new SeededRandom('1')
    const early = draws(random.fork('a'))
    random.next()
    expect(draws(random.fork('a'))).toEqual(early)
    expect(draws(random.fork('b'))).not.toEqual(early)
  })

  it('draws evenly, from 0 to below 1, and whole numbers with both ends', () => {
    const random = new SeededRandom('even')
    const counts = Array.from({ length: 10 }, () => 0)
    for (let count = 0; count < 20_000; count += 1) {
      const place = Math.floor(random.next() * 10)
      counts[place] = (counts[place] ?? 0) + 1
    }
    for (const count of counts) expect(count).toBeGreaterThan(1_800)
    const whole = new Set(Array.from({ length: 200 }, () => random.integer(2, 4)))
    expect(whole).toEqual(new Set([2, 3, 4]))
  })

  it('makes ids of 32 hex digits that differ', () => {
    const random = new SeededRandom('id')
    const ids = Array.from({ length: 1_000 }, () => random.id())
    expect(new Set(ids).size).toBe(1_000)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/)
  })
})
