import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { installed, type UserProject } from '../support/installed.ts'

// The public names, door by door: a contract. A name that goes away or changes its kind is a breaking change.
const doors: Record<string, readonly string[]> = {
  tidemark: [
    'BatchIncompleteError',
    'CircuitOpenError',
    'ConditionFailedError',
    'ConfigurationError',
    'CoordinationError',
    'DeadlineError',
    'DecodeError',
    'EncodeError',
    'LeaseLostError',
    'LedgerError',
    'ParkedRecords',
    'ParkingFullError',
    'RecordsGoneError',
    'RetryableError',
    'SchemaError',
    'TerminalError',
    'TidemarkError',
    'TransactionError',
    'UncertainOutcomeError',
    'compareSequenceNumbers',
    'createConsumer',
    'isTidemarkError',
    'memoryLedger',
    'silentLogger',
  ],
  'tidemark/lambda': ['createLambdaHandler'],
  'tidemark/worker': ['createTidemarkTable', 'createWorker'],
  'tidemark/dead-letters': [
    'eventBridgeSink',
    'processFailureDocument',
    'readFailureDocument',
    's3Sink',
    'snsSink',
    'sqsSink',
  ],
  'tidemark/dynamodb': [
    'createTidemarkTable',
    'dynamodbLedger',
    'dynamodbParkingLot',
    'dynamodbProjection',
    'dynamodbTransactionLedger',
    'exactNumber',
    'isTombstone',
  ],
  'tidemark/postgres': ['postgresLedger', 'postgresMigrations', 'postgresParkingLot'],
  'tidemark/testing': [
    'createEmbeddedDynamoDB',
    'createEventSourceMapping',
    'createFunctionProcess',
    'createManualClock',
    'dynamoDBLocalMissing',
    'itemSize',
    'ledgerConformance',
    'meter',
    'startDynamoDBLocal',
    'transactionConformance',
  ],
}

// These must load where no AWS SDK is installed.
const withoutSdk = ['tidemark', 'tidemark/lambda', 'tidemark/dead-letters', 'tidemark/postgres']

const names = 'console.log(JSON.stringify(Object.keys(door).filter((name) => name !== "__esModule").sort()))'

describe('with the AWS SDK', () => {
  let project: UserProject
  beforeAll(() => (project = installed(inject('tarball'), ['@aws-sdk'])))
  afterAll(() => project.remove())

  test.for(Object.entries(doors))('import %s', ([door, expected]) => {
    const { status, output } = project.run(
      'node',
      '--input-type=module',
      '-e',
      `import * as door from '${door}';${names}`,
    )
    expect(output).toBe(`${JSON.stringify(expected)}\n`)
    expect(status).toBe(0)
  })

  test.for(Object.entries(doors))('require %s', ([door, expected]) => {
    const { status, output } = project.run(
      'node',
      '--input-type=commonjs',
      '-e',
      `const door = require('${door}');${names}`,
    )
    expect(output).toBe(`${JSON.stringify(expected)}\n`)
    expect(status).toBe(0)
  })

  test('an error is of the class that tidemark exports, whichever door it comes by', () => {
    project.write(
      'errors.js',
      `import { ConfigurationError, createConsumer } from 'tidemark'
      import { createTidemarkTable, dynamodbLedger } from 'tidemark/dynamodb'
      import { createLambdaHandler } from 'tidemark/lambda'
      import { createEmbeddedDynamoDB } from 'tidemark/testing'
      import { createWorker } from 'tidemark/worker'
      const thrown = []
      for (const open of [createConsumer, dynamodbLedger, createLambdaHandler, createEmbeddedDynamoDB, createWorker])
        try { await open({ there: 'is no such option' }) } catch (error) { thrown.push(error instanceof ConfigurationError) }
      console.log(JSON.stringify(thrown))`,
    )
    expect(project.run('node', 'errors.js').output).toBe('[true,true,true,true,true]\n')
  })
})

describe('without the AWS SDK', () => {
  let project: UserProject
  beforeAll(() => (project = installed(inject('tarball'))))
  afterAll(() => project.remove())

  test.for(withoutSdk)('import %s', (door) => {
    expect(project.run('node', '--input-type=module', '-e', `import '${door}'`)).toEqual({ status: 0, output: '' })
  })

  test('the command prints its help and its version', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    const help = project.run('node_modules/.bin/tidemark', '--help')
    expect(help.output).toMatch(/^Usage: tidemark/)
    expect(help.status).toBe(0)
    expect(project.run('node_modules/.bin/tidemark', '--version')).toEqual({ status: 0, output: `${version}\n` })
  })

  test('a function runs in a process of its own', () => {
    project.write('function.js', 'export const handler = async (event) => ({ echo: event })')
    project.write(
      'invoke.js',
      `import { createFunctionProcess } from 'tidemark/testing'
      const modulePath = new URL('function.js', import.meta.url).pathname
      const { invoke, stop } = createFunctionProcess({ modulePath, timeoutMs: 20_000 })
      console.log(JSON.stringify(await invoke({ a: 1 })))
      await stop()`,
    )
    expect(project.run('node', 'invoke.js')).toEqual({ status: 0, output: '{"echo":{"a":1}}\n' })
  })
})
