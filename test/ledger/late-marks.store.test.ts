import { expect, test } from 'vitest'
import { createConsumer, silentLogger } from '../../src/index.ts'
import { dynamodbLedger } from '../../src/dynamodb.ts'
import { createLambdaHandler } from '../../src/lambda.ts'
import { createManualClock } from '../../src/testing/manual-clock.ts'
import { deferred, turns } from '../support/deferred.ts'
import { changes, lambdaEvent } from '../support/events.ts'
import { counted, intercept } from '../support/intercept.ts'
import { localTables } from '../support/local-table.ts'

const tables = localTables()

test("a mark that was not sent before the answer is never sent: it could hide a record behind an earlier one's repetition", async () => {
  const clock = createManualClock()
  const gate = deferred()
  const { client, counts } = counted(tables.client)
  const frozen = intercept(client, async ({ name }, send) => {
    if (name === 'BatchWriteItemCommand') await gate.promise
    return send()
  })
  const tableName = await tables.create()
  const effects: string[] = []
  const handlerWith = (ledgerClient: typeof client) =>
    createLambdaHandler(
      createConsumer({
        name: 'c',
        logger: silentLogger,
        clock,
        ledger: dynamodbLedger({ client: ledgerClient, tableName, clock }),
        handler: ({ sequenceNumber }) => void effects.push(sequenceNumber),
      }),
    )
  const event = lambdaEvent(...changes('A:1', 'A:2'))
  const deadline = { getRemainingTimeInMillis: () => 10_000 }
  const answer = handlerWith(frozen)(event, deadline)
  while (effects.length < 2) await turns()
  await clock.advance(10_000)
  expect(await answer).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] })
  gate.resolve()
  while (counts['BatchWriteItemCommand'] === undefined) await turns()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(counts['BatchWriteItemCommand']).toBe(1) // the mark of 1, which was on its way; not that of 2
  expect(await handlerWith(tables.client)(event)).toEqual({ batchItemFailures: [] })
  expect(effects).toEqual(['1', '2', '2'])
})
