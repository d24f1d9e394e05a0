import { expect, test } from 'vitest'
import { lanesText, wholeRecordText } from '../../src/cli/parked/parked-text.ts'

test('the whole of an error does not steer the terminal', () => {
  const stack = 'Error: \u001B[2Jgone\n    at handler'
  const error = { name: 'Error', message: 'gone', stack, causes: [{ name: 'E', message: 'a\u0007b' }] }
  const record = {
    ...{ eventId: '1', sequenceNumber: '1', position: '1', idempotencyKey: 'k', laneKey: 'S2:id1:a', streamArn: 'arn' },
    ...{ record: { eventID: '1' }, attempts: 1, parkedAt: 0, host: 'here', error },
  }
  const text = wholeRecordText(record as never)
  expect(text).toContain('Error:  [2Jgone\n    at handler\ncaused by E: a b\n')
})

test('lanes of several tables have the name of theirs', () => {
  const lane = (tableName: string, id: string) => ({
    ...{ laneId: '0123456789abcdef', tableName, laneKey: `S2:id${id.length}:${id}`, recordCount: 2, parkedAt: 0 },
    error: { name: 'Error', message: 'no stock', causes: [] },
  })
  const [one, other] = [lane('orders', 'a'), lane('refunds', '寿司')]
  expect(lanesText('receipts', [one], 5_000)).toBe(
    'LANE      RECORDS  SINCE  ITEM  ERROR\n01234567  2        5 s    id=a  Error: no stock',
  )
  expect(lanesText('receipts', [one, other], 5_000).split('\n')).toEqual([
    'LANE      RECORDS  SINCE  TABLE    ITEM     ERROR',
    '01234567  2        5 s    orders   id=a     Error: no stock',
    '01234567  2        5 s    refunds  id=寿司  Error: no stock',
  ])
})
