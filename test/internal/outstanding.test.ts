import { expect, test } from 'vitest'
import { Outstanding } from '../../src/internal/outstanding.ts'

test('is over for whoever asked when all that was there then is over, whatever has come since', async () => {
  const outstanding = new Outstanding<string>()
  const told: string[] = []
  const ask = (who: string) => void outstanding.over().then(() => told.push(who))
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  ask('nothing is under way')
  outstanding.add('a')
  ask('a')
  outstanding.add('b')
  ask('a and b')
  await turn()
  expect(told).toEqual(['nothing is under way'])
  outstanding.delete('a')
  outstanding.add('c')
  await turn()
  expect(told).toEqual(['nothing is under way', 'a'])
  outstanding.delete('b')
  outstanding.delete('b')
  await turn()
  expect(told).toEqual(['nothing is under way', 'a', 'a and b'])
  expect(outstanding.size).toBe(1)
})
