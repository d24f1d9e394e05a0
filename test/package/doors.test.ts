import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { installed, type UserProject } from '../support/installed.ts'

// The public names, door by door: a contract. A name that goes away or changes its kind is a breaking change.
const doors: Record<string, readonly string[]> = {
  tidemark: [
    'BatchIncompleteError',
    'ConfigurationError',
    'DeadlineError',
    'DecodeError',
    'LedgerError',
    'RetryableError',
    'SchemaError',
    'TerminalError',
    'TidemarkError',
    'UncertainOutcomeError',
    'compareSequenceNumbers',
    'createConsumer',
    'isTidemarkError',
    'memoryLedger',
    'silentLogger',
  ],
  'tidemark/lambda': ['createLambdaHandler'],
  'tidemark/dynamodb': ['createTidemarkTable', 'dynamodbLedger'],
  'tidemark/testing': [],
}

// These must load where no AWS SDK is installed.
const withoutSdk = ['tidemark', 'tidemark/lambda']

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
})

describe('without the AWS SDK', () => {
  let project: UserProject
  beforeAll(() => (project = installed(inject('tarball'))))
  afterAll(() => project.remove())

  test.for(withoutSdk)('import %s', (door) => {
    expect(project.run('node', '--input-type=module', '-e', `import '${door}'`)).toEqual({ status: 0, output: '' })
  })

  test('the command prints its help', () => {
    const { status, output } = project.run('node_modules/.bin/tidemark', '--help')
    expect(output).toMatch(/^.*tidemark/)
    expect(status).toBe(0)
  })
})
