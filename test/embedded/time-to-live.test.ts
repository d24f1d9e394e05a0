import { expect, test } from 'vitest'
import { withTables } from './new-database.ts'

const now = Date.UTC(2026, 0, 1) / 1000

test('what has expired is deleted by the service, what is stamped for long ago is not', async () => {
  const { database, clock, changes } = withTables()
  const TimeToLiveSpecification = { Enabled: true, AttributeName: 'until' }
  database.execute('UpdateTimeToLive', { TableName: 'things', TimeToLiveSpecification })
  const stamps = {
    past: { N: `${now - 1}` },
    soon: { N: `${now + 60}` },
    ancient: { N: '1' },
    text: { S: `${now - 1}` },
  }
  for (const [pk, until] of Object.entries(stamps))
    database.execute('PutItem', { TableName: 'things', Item: { pk: { S: pk }, until } })
  expect(database.sweepTimeToLive()).toBe(1)
  await clock.advance(61_000)
  expect(database.sweepTimeToLive()).toBe(1)
  expect(database.sweepTimeToLive()).toBe(0)
  expect(changes.slice(4)).toMatchObject([
    { keys: { pk: { S: 'past' } }, newItem: undefined, byTimeToLive: true },
    { keys: { pk: { S: 'soon' } }, newItem: undefined, byTimeToLive: true },
  ])
})

test('it is on or off, for one attribute', () => {
  const { database } = withTables()
  const set = (Enabled: boolean, AttributeName: string) =>
    database.execute('UpdateTimeToLive', { TableName: 'things', TimeToLiveSpecification: { Enabled, AttributeName } })
  const described = () => database.execute('DescribeTimeToLive', { TableName: 'things' })
  expect(described()).toEqual({ TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' } })
  expect(() => set(false, 'until')).toThrow('TimeToLive is already disabled')
  set(true, 'until')
  expect(() => set(true, 'until')).toThrow('TimeToLive is already enabled')
  expect(() => set(false, 'other')).toThrow('TimeToLive is active on a different AttributeName')
  expect(described()).toEqual({ TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'until' } })
})
