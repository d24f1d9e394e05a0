import { describe, expect, test } from 'vitest'
import type { Settlement } from '../../src/checkpoint/settlement.ts'
import type { Flow } from '../../src/consumer/flow.ts'
import { createConsumer, LeaseLostError, LedgerError, silentLogger, TerminalError } from '../../src/index.ts'
import type { ConsumerOptions } from '../../src/index.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { batchOfEvent } from '../../src/source/lambda-event.ts'
import { createManualClock } from '../../src/testing/manual-clock.ts'
import { deferred, turns } from '../support/deferred.ts'
import { changes, lambdaEvent } from '../support/events.ts'

const lease = {
  shardId: 'shardId-0',
  epoch: 1,
  owner: 'w1',
  condition: {
    TableName: 't',
    Key: { pk: { S: 'p' }, sk: { S: 's' } },
    ConditionExpression: '',
    ExpressionAttributeNames: {},
    ExpressionAttributeValues: {},
  },
}

const host = {
  ...{ lease, tableName: 'orders', streamLabel: '2026-01-01T00:00:00.000', leaseCreatedAt: 0 },
  mayWork: () => true,
}

function flowOf(options: Partial<ConsumerOptions> & Pick<ConsumerOptions, 'handler'>, mayWork = () => true) {
  const clock = createManualClock()
  const base = { name: 'c', logger: silentLogger, retry: { maxAttempts: 1 }, clock }
  const flow = createConsumer({ ...base, ...options }).flow({ ...host, mayWork })
  return { flow, clock }
}

/** Admits `A:100`-like changes as one page; the list it returns fills with what is settled. */
async function admit(flow: Flow, page: readonly string[], isSettled = (_position: number) => false) {
  const settled: string[] = []
  const note = (position: number, settlement: Settlement) => settled.push(`${page[position]} ${settlement}`)
  await flow.admit(batchOfEvent(lambdaEvent(...changes(...page))), isSettled, note)
  return settled
}

/** A ledger whose marks become durable, in whatever order a test chooses, when it says so. */
function gatedLedger() {
  const gates = new Map<string, ReturnType<typeof deferred<void>>>()
  const closed: number[] = []
  let sessions = 0
  const ledger: Ledger = {
    async open() {
      const session = ++sessions
      return {
        laneWaits: false,
        claim: (entry) => ({ status: 'claimed', claim: { entry, token: 't', transaction: undefined } }),
        complete({ entry }) {
          const gate = deferred()
          gates.set(entry.sequenceNumber, gate)
          return gate.promise
        },
        release: () => undefined,
        async flush() {
          await Promise.allSettled([...gates.values()].map(({ promise }) => promise))
        },
        close: () => void closed.push(session),
      }
    },
  }
  return { ledger, gates, closed }
}

/** A ledger whose commits never come out, and whose attempts a test runs again. */
function repeatingLedger(repetitions: (() => void)[]): Ledger<object> {
  return {
    async open() {
      return {
        laneWaits: false,
        claim: (entry) => ({ status: 'claimed', claim: { entry, token: '' } }),
        async attempt(_claim, run) {
          repetitions.push(() => void run({}))
          await run({})
        },
        complete: () => new Promise<never>(() => {}),
        release() {},
        flush: () => Promise.resolve(),
        close() {},
      }
    },
  }
}

describe('order over pages', () => {
  test('a lane runs through pages one record at a time', async () => {
    const gate = deferred()
    const ran: string[] = []
    const { flow } = flowOf({
      async handler({ sequenceNumber }) {
        ran.push(sequenceNumber)
        if (sequenceNumber === '100') await gate.promise
      },
    })
    await admit(flow, ['A:100', 'B:101'])
    await admit(flow, ['A:102', 'B:103'])
    await turns()
    expect(ran).toEqual(['100', '101', '103'])
    gate.resolve()
    await turns()
    expect(ran).toEqual(['100', '101', '103', '102'])
  })

  test("a record waits for the mark of its lane's record in the page before", async () => {
    const { ledger, gates } = gatedLedger()
    const ran: string[] = []
    const { flow } = flowOf({ ledger, handler: ({ sequenceNumber }) => void ran.push(sequenceNumber) })
    const settled = await admit(flow, ['A:100'])
    await admit(flow, ['A:101', 'B:102'])
    await turns()
    expect(ran).toEqual(['100', '102'])
    expect(settled).toEqual([])
    gates.get('102')?.resolve()
    gates.get('100')?.resolve()
    await turns()
    expect(settled).toEqual(['A:100 handled'])
    expect(ran).toEqual(['100', '102', '101'])
  })

  test('a message is handled once, also when the page of its second record was opened before its mark was durable', async () => {
    const { ledger, gates } = gatedLedger()
    const ran: string[] = []
    const { flow } = flowOf({
      ...{ ledger, identity: 'message' },
      handler: ({ sequenceNumber }) => void ran.push(sequenceNumber),
    })
    await admit(flow, ['A:100'])
    const settled = await admit(flow, ['A:101', 'B:102'])
    await turns()
    expect(ran).toEqual(['100', '102'])
    expect(settled).toEqual([])
    for (const gate of gates.values()) gate.resolve()
    await turns()
    expect(ran).toEqual(['100', '102'])
    expect(settled.toSorted()).toEqual(['A:101 duplicate', 'B:102 handled'])
  })

  test('what an earlier reader has settled is passed over', async () => {
    const ran: string[] = []
    const { flow } = flowOf({ handler: ({ sequenceNumber }) => void ran.push(sequenceNumber) })
    const settled = await admit(flow, ['A:100', 'A:101', 'B:102'], (position) => position === 0)
    await turns()
    expect(ran).toEqual(['101', '102'])
    expect(settled).toEqual(['A:101 handled', 'B:102 handled'])
  })
})

describe('a lane that stops', () => {
  test('is tried again after a while, others go on, and nothing of it passes the record', async () => {
    let isMended = false
    const ran: string[] = []
    const { flow, clock } = flowOf({
      handler({ keys, sequenceNumber }) {
        if (keys['pk'] === 'A' && !isMended) throw new TerminalError('broken')
        ran.push(sequenceNumber)
      },
    })
    const settled = await admit(flow, ['A:100', 'A:101', 'B:102'])
    await clock.advance(1)
    expect(ran).toEqual(['102'])
    expect([...flow.stuck.values()]).toMatchObject([{ eventId: 'event-100', reason: 'poison', attempts: 1 }])
    isMended = true
    await clock.advance(60_000)
    expect(ran).toEqual(['102', '100', '101'])
    expect(settled).toEqual(['B:102 handled', 'A:100 handled', 'A:101 handled'])
    expect(flow.stuck.size).toBe(0)
  })

  test('three thousand lanes that all fail at once do not overflow the stack', async () => {
    const { flow } = flowOf({
      retry: { maxAttempts: 2 },
      handler() {
        throw new Error('down')
      },
    })
    await admit(
      flow,
      Array.from({ length: 3_000 }, (_, index) => `K${index}:${index + 1}`),
    )
    await turns()
    flow.abandon(new LeaseLostError('over'))
    await turns()
    expect(flow.stuck.size).toBe(0)
  })
})

describe('the end of a flow', () => {
  test('drain starts nothing more, and what runs is settled when it resolves', async () => {
    const gate = deferred()
    const ran: string[] = []
    const { flow, clock } = flowOf({
      async handler({ sequenceNumber }) {
        ran.push(sequenceNumber)
        await gate.promise
      },
    })
    const settled = await admit(flow, ['A:100', 'A:101'])
    let isOver = false
    const drained = flow.drain(5_000, 1_000).then(() => (isOver = true))
    await clock.advance(1_000)
    expect(isOver).toBe(false)
    gate.resolve()
    await drained
    expect(ran).toEqual(['100'])
    expect(settled).toEqual(['A:100 handled'])
  })

  test('drain aborts what does not end in time, and keeps its item waiting', async () => {
    const gate = deferred()
    const aborted: boolean[] = []
    const clock = createManualClock()
    const consumer = createConsumer({
      ...{ name: 'c', logger: silentLogger, clock },
      async handler(_record, { signal }) {
        await gate.promise
        aborted.push(signal.aborted)
      },
    })
    const flow = consumer.flow(host)
    const settled = await admit(flow, ['A:100'])
    const drained = flow.drain(5_000, 1_000)
    await clock.advance(6_000)
    await drained
    const next = consumer.flow(host)
    const settledNext = await admit(next, ['A:100'])
    await turns()
    expect(aborted).toEqual([])
    gate.resolve()
    await turns()
    expect(aborted).toEqual([true, false])
    expect([settled, settledNext]).toEqual([['A:100 handled'], ['A:100 handled']])
  })

  test('an item waits for its handler also when the flow in which it waited has ended before', async () => {
    const gate = deferred()
    let running = 0
    let most = 0
    const consumer = createConsumer({
      ...{ name: 'c', logger: silentLogger },
      async handler() {
        most = Math.max(most, (running += 1))
        await gate.promise
        running -= 1
      },
    })
    for (let flows = 0; flows < 3; flows += 1) {
      const flow = consumer.flow(host)
      await admit(flow, ['A:100'])
      await turns()
      flow.abandon(new LeaseLostError('another has it'))
      await turns()
    }
    const settled = await admit(consumer.flow(host), ['A:100'])
    await turns()
    expect(running).toBe(1)
    gate.resolve()
    await turns()
    expect([most, settled]).toEqual([1, ['A:100 handled']])
  })

  test('an item waits also for a handler that runs again, since the transaction that its lane has gone on from is repeated', async () => {
    const gate = deferred()
    let [runs, running, most] = [0, 0, 0]
    const repetitions: (() => void)[] = []
    const consumer = createConsumer({
      ...{ name: 'c', logger: silentLogger, ledger: repeatingLedger(repetitions) },
      async handler() {
        runs += 1
        most = Math.max(most, (running += 1))
        if (runs === 2) await gate.promise
        running -= 1
      },
    })
    const flow = consumer.flow(host)
    await admit(flow, ['A:100'])
    await turns()
    repetitions[0]?.()
    flow.abandon(new LeaseLostError('another has it'))
    await admit(consumer.flow(host), ['A:100'])
    await turns()
    expect([runs, running]).toEqual([2, 1])
    gate.resolve()
    await turns()
    expect([runs, most]).toEqual([3, 1])
  })

  test('abandon aborts what runs and sends no mark more', async () => {
    const { ledger, closed } = gatedLedger()
    const gate = deferred()
    let signal: AbortSignal | undefined
    const { flow } = flowOf({
      ledger,
      async handler(_record, context) {
        signal = context.signal
        await gate.promise
      },
    })
    await admit(flow, ['A:100', 'A:101'])
    flow.abandon(new LeaseLostError('another has it'))
    expect(signal?.aborted).toBe(true)
    expect(closed).toEqual([1])
    gate.resolve()
    await turns()
  })

  test('a ledger that fails ends it: nothing more is started, and the host is told', async () => {
    const { ledger, gates } = gatedLedger()
    const ran: string[] = []
    const { flow } = flowOf({ ledger, handler: ({ sequenceNumber }) => void ran.push(sequenceNumber) })
    const settled = await admit(flow, ['A:100'])
    await turns()
    const error = new LedgerError('away', { retryable: true })
    gates.get('100')?.reject(error)
    expect(await flow.failed).toBe(error)
    await admit(flow, ['B:101'])
    await turns()
    expect(ran).toEqual(['100'])
    expect(settled).toEqual([])
  })

  test('no handler is started once the worker may not work, whatever the signals say', async () => {
    let mayWork = true
    const ran: string[] = []
    const { flow } = flowOf(
      {
        handler({ sequenceNumber }) {
          ran.push(sequenceNumber)
          mayWork = false // as after a pause in which the lease ran out
        },
      },
      () => mayWork,
    )
    await admit(flow, ['A:100', 'B:101', 'A:102'])
    await turns()
    expect(ran).toEqual(['100'])
  })
})

test('a handler learns of its lease', async () => {
  const leases: unknown[] = []
  const { flow } = flowOf({ handler: (_record, context) => void leases.push(context.lease) })
  await admit(flow, ['A:100'])
  await turns()
  expect(leases).toEqual([lease])
})
