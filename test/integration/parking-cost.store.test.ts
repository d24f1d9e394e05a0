import { describe, expect, test } from 'vitest'
import { dynamodbLedger } from '../../src/dynamodb.ts'
import { createConsumer, silentLogger } from '../../src/index.ts'
import { createLambdaHandler } from '../../src/lambda.ts'
import { meter } from '../../src/testing/capacity-meter.ts'
import { lambdaEvent } from '../support/events.ts'
import { localTables } from '../support/local-table.ts'

const tables = localTables()

const event = (from: number, count: number) =>
  lambdaEvent(...Array.from({ length: count }, (_, n) => ({ key: `item-${from + n}`, sequence: 1_000 + from + n })))

describe('what it costs that records could be parked, while none fails', () => {
  test('is one read request for each 100 records in Lambda, and nothing else', async () => {
    const requests = async (onFailure: 'stop' | 'park') => {
      const measured = meter(tables.client)
      const ledger = dynamodbLedger({ client: measured.client, tableName: await tables.create() })
      const handler = createLambdaHandler(
        createConsumer({ name: 'c', logger: silentLogger, ledger, onFailure, handler: () => {} }),
      )
      await handler(event(0, 100))
      await handler(event(100, 250))
      return measured.usage()
    }
    const [stop, park] = [await requests('stop'), await requests('park')]
    expect(park.requests - stop.requests).toBe(1 + 3)
    expect((park.operations['BatchGetItem']?.requests ?? 0) - (stop.operations['BatchGetItem']?.requests ?? 0)).toBe(4)
    expect(park.writeUnits).toBe(stop.writeUnits)
  })
})
