import { expect } from 'vitest'
import type { Consumer } from '../../src/index.ts'
import { batchOfEvent } from '../../src/source/lambda-event.ts'
import { changes, lambdaEvent, type Change } from './events.ts'

// Record 1 is poison until it is cured, 7 for ever.
const first: readonly Change[] = changes('A:1', 'B:2', 'A:3', 'C:7', 'C:8')
const second: readonly Change[] = changes('A:4', 'B:5', 'C:9')
const incurable = 7

/** Whether the handler succeeds with a record. */
export function isPoison(sequence: number, isCured: boolean): boolean {
  return sequence === incurable || (sequence === 1 && !isCured)
}

export interface Effect {
  readonly sequence: number
  readonly item: string
}

/** What a life goes on in. */
export interface Patient {
  isCured: boolean
}

/** Delivers until all is settled, as a mapping would: everything from the frontier on again. */
async function deliver(consumer: Consumer, records: readonly Change[]): Promise<void> {
  for (let next = 0; next < records.length;) {
    const { frontier, stopped } = await consumer.process(batchOfEvent(lambdaEvent(...records.slice(next))))
    expect(stopped).toEqual([])
    next += frontier
  }
}

async function dropIncurable(consumer: Consumer): Promise<void> {
  for (const { laneId } of await consumer.parked.lanes())
    await consumer.parked.drop(laneId, `event-${incurable}`, { reason: 'incurable' })
}

/** A whole life: everything that can be done with a parked record, one after the other. */
export async function live(patient: Patient, consumer: Consumer): Promise<void> {
  await deliver(consumer, first)
  patient.isCured = true
  const [arriving, redriving] = [deliver(consumer, second), consumer.redrive()]
  await arriving
  await redriving
  await dropIncurable(consumer)
  await consumer.redrive()
}

/** Whoever comes after it: the source delivers all again, and a person goes on until nothing is parked. */
export async function mend(
  patient: Patient,
  consumer: Consumer,
  decide: (eventId: string, idempotencyKey: string) => Promise<void>,
): Promise<void> {
  await deliver(consumer, first)
  patient.isCured = true
  await deliver(consumer, second)
  for (let round = 0; round < 10; round += 1) {
    await dropIncurable(consumer)
    const { lanes } = await consumer.redrive()
    if ((await consumer.parked.lanes()).length === 0) return
    for (const { stopped, laneId } of lanes) {
      if (stopped === undefined) continue
      const record = await consumer.parked.get(laneId, stopped.eventId)
      if (record?.error?.name === 'UncertainOutcomeError') await decide(stopped.eventId, record.idempotencyKey)
    }
  }
  throw new Error('something stays parked')
}

/** Every record but the incurable one took effect, once where that is promised, and in the order of its item. */
export function judge(effects: readonly Effect[], takesEffect: 'once' | 'at least once'): void {
  const wanted = [...first, ...second].map(({ sequence }) => sequence).filter((sequence) => sequence !== incurable)
  for (const sequence of wanted)
    expect(effects.filter((effect) => effect.sequence === sequence).length, `effects of ${sequence}`).toBeGreaterThan(0)
  if (takesEffect === 'once') expect(effects).toHaveLength(wanted.length)
  for (const item of ['A', 'B', 'C']) {
    const log = effects.filter((effect) => effect.item === item).map(({ sequence }) => sequence)
    const firsts = [...new Set(log)]
    expect(firsts, `first effects of ${item}`).toEqual(firsts.toSorted((a, b) => a - b))
    const lasts = [...new Set(log.toReversed())].toReversed()
    expect(lasts, `last effects of ${item}`).toEqual(firsts)
  }
}
