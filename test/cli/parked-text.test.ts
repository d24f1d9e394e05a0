import { expect, test } from 'vitest'
import { wholeRecordText } from '../../src/cli/parked/parked-text.ts'

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
