import { RetryableError, TerminalError } from '../errors.ts'
import type { HandlerContext } from '../handler/handler.ts'
import type { ChangeRecord } from '../record/record.ts'
import type { Environment } from './environment.ts'
import type { Oracle } from './oracle.ts'
import { changeOfDecoded } from './stream-change.ts'
import type { World } from './world.ts'

/** The handler of every consumer: it sends a mail that can't be called back, and fails in the ways that its habits say. */
export function mailHandler(
  world: World,
  oracle: Oracle,
  environment: Environment,
): (record: ChangeRecord, context: HandlerContext) => Promise<void> {
  const { handler: habits, mapping } = world.profile
  const { actor } = environment
  const random = actor.random.fork('handler')
  const work = (signal: AbortSignal | undefined) => actor.clock.sleep(random.next() * habits.workMs, signal)
  return async (record, { idempotencyKey, signal }) => {
    const change = changeOfDecoded(record)
    world.trace.note(actor.name, `handles ${change.itemKey} ${change.sequenceNumber}`)
    oracle.began(change, idempotencyKey, { deliveredAt: environment.deliveredAt, isAborted: signal.aborted })
    if (isPoison(record) && (mapping.maximumRetryAttempts >= 0 || !world.isHealthy)) {
      world.mark('record poison')
      throw new TerminalError('poison')
    }
    const draw = [habits.failsBefore, habits.failsAfter, habits.hangs, habits.sticks, habits.ignoresSignal].map((p) =>
      random.chance(world.isHealthy ? 0 : p),
    )
    const [failsBefore, failsAfter, hangs, sticks, ignoresSignal] = draw
    if (hangs === true) await actor.clock.sleep(1e9, signal)
    if (sticks === true) await new Promise(() => {})
    if (ignoresSignal === true) await actor.clock.sleep(random.next() * 2 * mapping.functionTimeoutMs)
    else await work(signal)
    if (ignoresSignal !== true) signal.throwIfAborted()
    if (failsBefore === true) throw failure(random.next())
    world.trace.note(actor.name, `EFFECT ${change.itemKey} ${change.sequenceNumber}`)
    oracle.effect(change)
    environment.hasUnmarkedEffect = true
    await work(undefined)
    if (failsAfter === true) throw new Error('after the effect')
    oracle.returned(change)
  }
}

function isPoison({ newImage }: ChangeRecord): boolean {
  return newImage?.['poison'] === true
}

function failure(draw: number): Error {
  if (draw < 0.3) return new RetryableError({ retryAfterMs: 20 })
  return draw < 0.6 ? Object.assign(new Error('busy'), { name: 'ThrottlingException' }) : new Error('transient')
}
