import { describe, expect, test } from 'vitest'
import { failureText } from '../../src/cli/failure-text.ts'
import { ConfigurationError, CoordinationError } from '../../src/errors.ts'

const named = (name: string, message: string, more: object = {}) => Object.assign(new Error(message), { name, ...more })

describe('an error of AWS comes out as one sentence that says what to do', () => {
  test.each([
    [named('ExpiredTokenException', 'The security token is expired'), 'have expired: log in again (aws sso login)'],
    [named('UnrecognizedClientException', 'The security token is invalid'), 'AWS does not take these credentials'],
    [named('AccessDeniedException', 'User: arn:x is not authorized to perform: dynamodb:Query'), 'init --print iam'],
    [named('AccessDeniedException', 'User: arn:x is not authorized to perform: dynamodb:Query'), 'dynamodb:Query'],
    [
      named('Error', 'connect ECONNREFUSED', { code: 'ECONNREFUSED', address: '127.0.0.1', port: 8000 }),
      '127.0.0.1:8000',
    ],
    [named('Error', 'getaddrinfo ENOTFOUND x', { code: 'ENOTFOUND' }), 'check --region and --endpoint-url'],
    [named('ResourceNotFoundException', 'Requested resource not found'), 'check the name, --region and --profile'],
    [named('ThrottlingException', 'Rate exceeded'), 'try again in a moment'],
    [named('InternalServerError', 'oh'), 'try again in a moment'],
    [named('ValidationException', 'Item size has exceeded'), 'DynamoDB refuses the request: Item size has exceeded'],
  ])('%s', (error, advice) => {
    for (const thrown of [error, new CoordinationError('could not read', { retryable: false, cause: error })]) {
      const text = failureText(thrown)
      expect(text).toMatch(/^tidemark: /)
      expect(text).toContain(advice)
      expect(text.split('\n')).toHaveLength(1)
    }
  })

  test('two addresses of one host that refuse are one refusal', () => {
    const errors = [
      named('Error', 'connect ECONNREFUSED ::1:8000', { code: 'ECONNREFUSED', address: '::1', port: 8000 }),
    ]
    expect(failureText(Object.assign(new AggregateError(errors), { code: 'ECONNREFUSED' }))).toContain('::1:8000')
  })

  test('what we say on purpose stays as it is, and what we did not expect comes with its stack', () => {
    expect(failureText(new ConfigurationError('there is no region', { cause: named('TimeoutError', 'no') }))).toBe(
      'tidemark: there is no region',
    )
    expect(failureText(new TypeError('x is not a function'))).toMatch(/please report it[\s\S]*at /)
  })
})
