import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { ConfigurationError } from '../../src/errors.ts'
import { createFunctionProcess, type FunctionProcess } from '../../src/testing/function-process.ts'
import { FakeStream } from './fake-stream.ts'
import { ids, keep, useMappings } from './mapping-harness.ts'

const modulePath = fileURLToPath(new URL('./fixtures/functions.ts', import.meta.url))

describe('a function in a process of its own', () => {
  const made: FunctionProcess[] = []
  const createMapping = useMappings()
  const run = (exportName = 'handler', more: object = {}) => {
    const made_ = createFunctionProcess({ modulePath, exportName, timeoutMs: 10_000, ...more })
    made.push(made_)
    return made_
  }
  afterEach(async () => {
    await Promise.all(made.splice(0).map((made_) => made_.stop()))
  })

  test('is called with the event and the context, elsewhere', async () => {
    const answer = await run().invoke(
      { Records: [1, 2] },
      { awsRequestId: 'id', getRemainingTimeInMillis: () => 3_000 },
    )
    expect(answer).toMatchObject({ event: { Records: [1, 2] }, awsRequestId: 'id', invocation: 1 })
    expect(answer).not.toMatchObject({ pid: process.pid })
    expect(answer).toHaveProperty(
      'remaining',
      expect.toSatisfy((ms) => Number(ms) > 2_000 && Number(ms) <= 3_000),
    )
  })

  test('keeps its process, and what its module holds, from call to call', async () => {
    const { invoke } = run()
    const first = await invoke({})
    const second = await invoke({})
    expect(first).toMatchObject({ invocation: 1 })
    expect(second).toMatchObject({ invocation: 2, pid: Reflect.get(Object(first), 'pid') })
  })

  test('has a process for each of the calls at the same time', async () => {
    const { invoke } = run('slow')
    const answers = await Promise.all([invoke({ ms: 100 }), invoke({ ms: 100 }), invoke({ ms: 100 })])
    expect(new Set(answers.map((answer) => String(Reflect.get(Object(answer), 'pid')))).size).toBe(3)
  })

  test('is given an environment', async () => {
    expect(await run('environment', { env: { GREETING: 'hello' } }).invoke({})).toBe('hello')
  })

  test('answers null for nothing', async () => {
    expect(await run('nothing').invoke({})).toBeNull()
  })

  test('rejects with the error of the handler, and lives on', async () => {
    const { invoke } = run('throwing')
    await expect(invoke({})).rejects.toMatchObject({ name: 'TypeError', message: 'no such order' })
    await expect(invoke({})).rejects.toMatchObject({ stack: expect.stringContaining('functions.ts') })
  })

  test('rejects an answer that can not be sent', async () => {
    await expect(run('unserialisable').invoke({})).rejects.toThrow(/BigInt/)
  })

  test.each([
    ['exits', 'exiting', { code: 3 }, 'Runtime exited with error: exit status 3'],
    ['exits as if all were well', 'exiting', { code: 0 }, 'Runtime exited without providing a reason'],
    ['is killed', 'killed', {}, 'Runtime exited with error: signal: SIGKILL'],
    ['rejects where nobody listens', 'rejecting', {}, 'Runtime exited with error: exit status 1'],
  ])('rejects when its process %s, and has a fresh one for the next call', async (_, exportName, event, message) => {
    const { invoke } = run(exportName)
    await expect(invoke(event)).rejects.toThrow(message)
    await expect(invoke(event)).rejects.toThrow(message)
  })

  test('is killed when its time is up, even when it never yields', async () => {
    const { invoke } = run('looping', { timeoutMs: 700 })
    await expect(invoke({})).rejects.toThrow('Task timed out after 0.70 seconds')
  })

  test('says that the module has no such handler', async () => {
    await expect(run('notAFunction').invoke({})).rejects.toThrow('HandlerNotFound')
    const elsewhere = createFunctionProcess({ modulePath: `${modulePath}.js`, timeoutMs: 10_000 })
    made.push(elsewhere)
    await expect(elsewhere.invoke({})).rejects.toThrow(/Cannot find module/)
    await expect(elsewhere.invoke({})).rejects.toThrow(/Cannot find module/)
  })

  test('ends in the middle of a call when it is stopped', async () => {
    const slow = run('slow')
    const refused = expect(slow.invoke({ ms: 60_000 })).rejects.toThrow('Runtime exited')
    await slow.stop()
    await refused
  })

  test('refuses a timeout that Lambda would refuse', () => {
    expect(() => createFunctionProcess({ modulePath, timeoutMs: 900_001 })).toThrow(ConfigurationError)
  })

  test('is the handler of an event source mapping, whose other records survive a crash', async () => {
    const stream = new FakeStream()
    stream.open('shard')
    for (const id of ['a', 'b', 'poison', 'c', 'd']) stream.put('shard', id)
    const onFailure = keep('s3')
    const mapping = createMapping(stream, {
      handler: run('poisoned').invoke,
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts: 0,
      onFailure,
    })
    await mapping.start()
    await mapping.drain()
    expect(onFailure.documents.map(({ payload }) => ids(payload))).toEqual([['poison']])
    expect(mapping.statistics().lastError).toMatchObject({ message: 'Runtime exited with error: exit status 1' })
  })
})
