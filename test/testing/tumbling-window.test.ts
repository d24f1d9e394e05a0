import { beforeEach, describe, expect, test } from 'vitest'
import type { EventSourceMappingOptions, StreamEvent, TimeWindowEvent } from '../../src/testing/event-source-mapping.ts'
import { createManualClock, type ManualClock } from '../../src/testing/manual-clock.ts'
import { FakeStream } from './fake-stream.ts'
import { failing, ids, useMappings } from './mapping-harness.ts'

describe('an event source mapping with a tumbling window', () => {
  const createMapping = useMappings()
  let clock: ManualClock
  let stream: FakeStream
  let events: TimeWindowEvent[]

  beforeEach(() => {
    clock = createManualClock(Date.UTC(2026, 0, 1, 12))
    stream = new FakeStream(() => clock.now())
    stream.open('shard')
    events = []
  })

  // What Lambda delivers to such a mapping has the window's fields beside the records.
  const windowed = (event: StreamEvent) => event as TimeWindowEvent
  const count = (event: StreamEvent) => {
    const { state, Records } = windowed(event)
    events.push(windowed(event))
    return { state: { count: (Reflect.get(Object(state), 'count') ?? 0) + Records.length } }
  }
  const started = async (options: Partial<EventSourceMappingOptions> = {}) => {
    const mapping = createMapping(stream, {
      clock,
      tumblingWindowInSeconds: 60,
      pollIntervalMs: 1_000,
      handler: count,
      ...options,
    })
    await mapping.start()
    await clock.advance(0)
    return mapping
  }
  const told = () => events.map((event) => [ids(event), event.state, event.isFinalInvokeForWindow])

  test('hands the state from one invocation to the next, and at last to one without records', async () => {
    for (const id of ['a', 'b', 'c']) stream.put('shard', id)
    await started({ batchSize: 2 })
    expect(told()).toEqual([
      [['a', 'b'], {}, false],
      [['c'], { count: 2 }, false],
    ])
    await clock.advance(30_000)
    expect(events).toHaveLength(2)
    await clock.advance(31_000)
    expect(told().slice(2)).toEqual([[[], { count: 3 }, true]])
    expect(events[2]).toEqual({
      Records: [],
      window: { start: '2026-01-01T12:00:00Z', end: '2026-01-01T12:01:00Z' },
      state: { count: 3 },
      shardId: 'shard',
      eventSourceARN: stream.streamArn,
      isFinalInvokeForWindow: true,
      isWindowTerminatedEarly: false,
    })
  })

  test('begins each window with an empty state, and has none for a time without records', async () => {
    stream.put('shard', 'a')
    await clock.advance(200_000)
    stream.put('shard', 'b')
    await started()
    expect(told()).toEqual([
      [['a'], {}, false],
      [[], { count: 1 }, true],
      [['b'], {}, false],
    ])
    expect(events.map(({ window }) => window.start)).toEqual([
      '2026-01-01T12:00:00Z',
      '2026-01-01T12:00:00Z',
      '2026-01-01T12:03:00Z',
    ])
  })

  test('takes an answer without a state for a failure, and keeps the state there was', async () => {
    stream.put('shard', 'a')
    let attempts = 0
    await started({
      retryDelayMs: 10,
      handler: (event) => (attempts++ < 2 ? (events.push(windowed(event)), {}) : count(event)),
    })
    await clock.advance(1_000)
    expect(told()).toEqual(Array(3).fill([['a'], {}, false]))
  })

  test('keeps the state of a partial success', async () => {
    for (const id of ['a', 'b', 'c']) stream.put('shard', id)
    let attempts = 0
    await started({
      retryDelayMs: 10,
      functionResponseTypes: ['ReportBatchItemFailures'],
      handler: (event) =>
        attempts++ === 0 ? (count(event), { state: { count: 1 }, ...failing(event, 'b') }) : count(event),
    })
    await clock.advance(1_000)
    expect(told()).toEqual([
      [['a', 'b', 'c'], {}, false],
      [['b', 'c'], { count: 1 }, false],
    ])
  })

  test('goes no further until the function has taken the end of the window', async () => {
    stream.put('shard', 'a')
    await clock.advance(60_000)
    stream.put('shard', 'b')
    let refused = 0
    await started({
      retryDelayMs: 10,
      maximumRetryAttempts: 0,
      handler(event) {
        if (windowed(event).isFinalInvokeForWindow && refused++ < 5) throw new Error('not yet')
        return count(event)
      },
    })
    await clock.advance(5_000)
    expect(refused).toBe(6)
    expect(told()).toEqual([
      [['a'], {}, false],
      [[], { count: 1 }, true],
      [['b'], {}, false],
    ])
  })

  test('ends a window early when its state is too large', async () => {
    stream.put('shard', 'a')
    const mapping = await started({ handler: (event) => (count(event), { state: 'x'.repeat(2 ** 20) }) })
    stream.put('shard', 'b')
    await mapping.drain()
    await clock.advance(0)
    expect(events.map((event) => [ids(event), event.isFinalInvokeForWindow, event.isWindowTerminatedEarly])).toEqual([
      [['a'], false, false],
      [[], true, true],
      [['b'], false, false],
      [[], true, true],
    ])
  })

  test('ends a window early when its shard ends, and delivers one batch at a time whatever the factor', async () => {
    for (const id of ['a', 'b', 'c', 'd']) stream.put('shard', id)
    stream.close('shard')
    stream.open('child', 'shard')
    stream.put('child', 'e')
    const mapping = await started({ batchSize: 1, parallelizationFactor: 10 })
    await mapping.drain()
    expect(events.map((event) => [event.shardId, ids(event), event.isWindowTerminatedEarly])).toEqual([
      ['shard', ['a'], false],
      ['shard', ['b'], false],
      ['shard', ['c'], false],
      ['shard', ['d'], false],
      ['shard', [], true],
      ['child', ['e'], false],
    ])
  })
})
