import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TerminalError } from '../../src/errors.ts'
import { describeError } from '../../src/parking/error-description.ts'
import { hostile } from '../record/attribute-values.ts'

test('keeps name, message, code and stack of the error and of all that led to it', () => {
  const socket = Object.assign(new Error('socket closed'), { code: 'ECONNRESET' })
  const mail = new Error('mail was not accepted', { cause: socket })
  const description = describeError(new TerminalError('no receipt', { cause: mail }))
  expect(description).toMatchObject({ name: 'TerminalError', message: 'no receipt', code: 'ERR_TERMINAL' })
  expect(description.stack).toContain('error-description.test.ts')
  expect(description.causes).toMatchObject([
    { name: 'Error', message: 'mail was not accepted' },
    { name: 'Error', message: 'socket closed', code: 'ECONNRESET' },
  ])
  expect(JSON.parse(JSON.stringify(description))).toEqual(description)
})

test('a chain of causes that never ends is cut', () => {
  const ring: Error & { cause?: unknown } = new Error('ring')
  ring.cause = new Error('link', { cause: ring })
  expect(describeError(ring).causes.map(({ message }) => message)).toEqual(['link'])
  const endless = (depth: number): object => ({
    message: `depth ${depth}`,
    get cause() {
      return endless(depth + 1)
    },
  })
  expect(describeError(endless(0)).causes).toHaveLength(5)
})

test('what is thrown and is no error is told in its own words', () => {
  expect(describeError('out of paper')).toEqual({ name: 'string', message: 'out of paper', causes: [] })
  expect(describeError(undefined)).toEqual({ name: 'undefined', message: 'undefined', causes: [] })
  expect(describeError({ status: 503 })).toEqual({ name: 'object', message: '{"status":503}', causes: [] })
})

test('a text as long as a response is cut', () => {
  const { message, stack = '' } = describeError(new Error('x'.repeat(1_000_000)))
  expect(message.length).toBeLessThan(10_000)
  expect(stack.length).toBeLessThan(10_000)
})

test('describes anything, and throws for nothing', () => {
  const broken = new Proxy(new Error('broken'), {
    get() {
      throw new Error('no field of it can be read')
    },
  })
  expect(describeError(broken).causes).toEqual([])
  fc.assert(
    fc.property(hostile, (thrown) => {
      const { name, message } = describeError(thrown)
      expect([typeof name, typeof message]).toEqual(['string', 'string'])
    }),
  )
})
