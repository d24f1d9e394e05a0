import { RetryableError, TerminalError } from '../errors.ts'
import type { HandlerContext } from '../handler/handler.ts'
import type { ChangeRecord } from '../record/record.ts'
import type { Actor } from './actor.ts'
import type { Change } from './history.ts'
import type { Oracle } from './oracle.ts'
import type { ConsumerHabits, WorldProfile } from './profile.ts'
import { changeOfDecoded } from './stream-change.ts'
import type { World } from './world.ts'

/** The process that a handler runs in, as its host keeps it. */
export interface HandlerProcess {
  readonly actor: Actor
  /** When the batch at hand, or this record, came to the process. */
  readonly deliveredAt: number
  /** Whether something happened of which what is durable may not know. */
  hasUnmarkedEffect: boolean
}

/** What a handler of a world is made of. */
export interface MailHandlerSetting {
  readonly world: World<WorldProfile & ConsumerHabits>
  readonly oracle: Oracle
  readonly process: HandlerProcess
  /** Somebody gives up what is poison: it stays so for ever. Otherwise it is healed with the world. */
  readonly poisonIsGivenUp: boolean
  /** How much longer than allowed a run goes on that does not look at its signal, in milliseconds. */
  readonly overstayMs: number
  /** What else befalls a run before its effect: it throws, or its process dies. */
  readonly ails?: (record: ChangeRecord, change: Change) => Promise<void> | void
  /** How the effect comes about, where it is not the oracle alone that notes it. */
  readonly act?: (change: Change, context: HandlerContext<unknown>) => Promise<void> | void
}

/** The handler of every consumer: it sends a mail that can't be called back, and fails in the ways that its habits say. */
export function mailHandler(
  setting: MailHandlerSetting,
): (record: ChangeRecord, context: HandlerContext<unknown>) => Promise<void> {
  const { world, oracle, process } = setting
  const { handler: habits } = world.profile
  const { actor } = process
  const random = actor.random.fork('handler')
  const work = (signal: AbortSignal | undefined) => actor.clock.sleep(random.next() * habits.workMs, signal)
  return async (record, context) => {
    const { idempotencyKey, signal } = context
    const change = changeOfDecoded(record)
    world.trace.note(actor.name, `handles ${change.itemKey} ${change.sequenceNumber}`)
    oracle.began(change, idempotencyKey, { deliveredAt: process.deliveredAt, isAborted: signal.aborted })
    if (isPoison(record) && (setting.poisonIsGivenUp || !world.isHealthy)) {
      world.mark('record poison')
      throw new TerminalError('poison')
    }
    const ailing = setting.ails?.(record, change)
    if (ailing !== undefined) await ailing
    const draw = [habits.failsBefore, habits.failsAfter, habits.hangs, habits.sticks, habits.ignoresSignal].map((p) =>
      random.chance(world.isHealthy ? 0 : p),
    )
    const [failsBefore, failsAfter, hangs, sticks, ignoresSignal] = draw
    if (hangs === true) await actor.clock.sleep(1e9, signal)
    if (sticks === true) await new Promise(() => {})
    if (ignoresSignal === true) await actor.clock.sleep(random.next() * setting.overstayMs)
    else await work(signal)
    if (ignoresSignal !== true) signal.throwIfAborted()
    if (failsBefore === true) throw failure(random.next())
    world.trace.note(actor.name, `EFFECT ${change.itemKey} ${change.sequenceNumber}`)
    const acting = setting.act === undefined ? oracle.effect(change) : setting.act(change, context)
    if (acting !== undefined) await acting
    process.hasUnmarkedEffect = true
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
