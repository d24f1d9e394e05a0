import { describe, expect, it } from 'vitest'
import { Actor } from '../../src/simulation/actor.ts'
import { Network } from '../../src/simulation/network.ts'
import { perfectNetwork, type NetworkFaults } from '../../src/simulation/network-faults.ts'
import { SeededRandom } from '../../src/simulation/random.ts'
import { Scheduler } from '../../src/simulation/scheduler.ts'
import { immediateTurns } from '../../src/simulation/turns.ts'

class PutItemCommand {
  readonly input: object
  constructor(input: object) {
    this.input = input
  }
}

class BatchWriteItemCommand extends PutItemCommand {}

function network(faults: Partial<NetworkFaults> = {}) {
  const random = new SeededRandom('network')
  const scheduler = new Scheduler(random.fork('scheduler'), immediateTurns)
  const actor = new Actor('client', random.fork('client'), scheduler)
  const applied: { readonly operation: string; readonly input: object }[] = []
  const wire = new Network({
    scheduler,
    execute: (operation, input) => {
      applied.push({ operation, input })
      return { ok: true }
    },
    faults: () => ({ ...perfectNetwork(5), ...faults }),
    timeoutMs: 100,
    note: () => {},
    mark: () => {},
  })
  return {
    scheduler,
    actor,
    applied,
    client: wire.client(actor),
    run: () => scheduler.run(() => false, { untilMs: 1e6, maxEvents: 1e4 }),
  }
}

const outcomeOf = (call: Promise<unknown>) => {
  const outcome: { value?: unknown; error?: unknown } = {}
  call.then(
    (value) => (outcome.value = value),
    (error: unknown) => (outcome.error = error),
  )
  return outcome
}

describe('Network', () => {
  it('takes a command to the server and its output back, in time', async () => {
    const { client, applied, run, scheduler } = network()
    const outcome = outcomeOf(client.send(new PutItemCommand({ a: 1 })))
    await run()
    expect(outcome).toEqual({ value: { ok: true } })
    expect(applied).toEqual([{ operation: 'PutItem', input: { a: 1 } }])
    expect(scheduler.now).toBeGreaterThan(0)
  })

  it.each([
    ['requestLost', 0],
    ['replyLost', 1],
    ['late', 1],
  ] as const)('with %s it fails as a connection does, and the server has applied it %i times', async (fault, times) => {
    const { client, applied, run } = network({ [fault]: 1 })
    const outcome = outcomeOf(client.send(new PutItemCommand({})))
    await run()
    expect(outcome.error).toBeInstanceOf(Error)
    expect(applied).toHaveLength(times)
  })

  it('delivers twice what is duplicated, and answers once', async () => {
    const { client, applied, run } = network({ duplicated: 1 })
    const outcome = outcomeOf(client.send(new PutItemCommand({})))
    await run()
    expect(outcome).toEqual({ value: { ok: true } })
    expect(applied).toHaveLength(2)
  })

  it('leaves over a part of a batch, and applies the rest', async () => {
    const rows = Array.from({ length: 20 }, (_, id) => ({ PutRequest: { Item: { id } } }))
    const { client, applied, run } = network({ leftOver: 1 })
    const outcome = outcomeOf(client.send(new BatchWriteItemCommand({ RequestItems: { t: rows } })))
    await run()
    const [{ input } = { input: {} }] = applied
    const done = (input as { RequestItems: { t: object[] } }).RequestItems.t
    const { UnprocessedItems } = outcome.value as { UnprocessedItems: { t: object[] } }
    expect(done.length).toBeGreaterThan(0)
    expect(new Set([...done, ...UnprocessedItems.t])).toEqual(new Set(rows))
  })

  it('goes on with a request whose sender is dead', async () => {
    const { client, actor, applied, run } = network()
    const outcome = outcomeOf(client.send(new PutItemCommand({})))
    actor.kill()
    await run()
    expect(applied).toHaveLength(1)
    expect(outcome).toEqual({})
  })
})
