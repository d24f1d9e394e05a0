import { expect, test } from 'vitest'
import { Outstanding } from '../../src/internal/outstanding.ts'

test('is over for whoever asked when all that was there then is over, whatever has come since', async () => {
  const outstanding = new Outstanding()
  const told: string[] = []
  const ask = (who: string) => void outstanding.over().then(() => told.push(who))
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  ask('nothing is under way')
  const a = outstanding.begun()
  ask('a')
  const b = outstanding.begun()
  ask('a and b')
  await turn()
  expect(told).toEqual(['nothing is under way'])
  outstanding.ended(a)
  outstanding.begun()
  await turn()
  expect(told).toEqual(['nothing is under way', 'a'])
  outstanding.ended(b)
  await turn()
  expect(told).toEqual(['nothing is under way', 'a', 'a and b'])
  expect(outstanding.size).toBe(1)
})
