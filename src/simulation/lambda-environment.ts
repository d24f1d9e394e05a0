import { createConsumer } from '../consumer/create-consumer.ts'
import { DecodeError, LedgerError, UncertainOutcomeError } from '../errors.ts'
import { createLambdaHandler, type LambdaHandler } from '../lambda.ts'
import { dynamodbLedger } from '../ledger/dynamodb-ledger.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { memoryLedger } from '../ledger/memory-ledger.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Actor } from './actor.ts'
import type { Bank } from './bank/bank.ts'
import type { ClaimWatch } from './claim-watch.ts'
import type { LambdaMark } from './lambda-marks.ts'
import { givesUp, type LambdaProfile } from './lambda-profile.ts'
import type { LineageWatch } from './lineage-watch.ts'
import { mailHandler } from './mail-handler.ts'
import type { Network } from './network.ts'
import type { Oracle } from './oracle.ts'
import { commitsOnce } from './profile.ts'
import { ledgerTable } from './simulated-database.ts'
import { identityOf } from './stream-change.ts'
import type { World } from './world.ts'

/** What an environment is made of. */
export interface EnvironmentSetting {
  readonly world: World<LambdaProfile, LambdaMark>
  readonly consumer: string
  readonly oracle: Oracle
  readonly network: Network
  readonly claims: ClaimWatch
  readonly bank: Bank | undefined
  readonly lineage: LineageWatch
  /** Told when a record's outcome is not known and a person has to find out. */
  readonly uncertain: (error: UncertainOutcomeError, actor: Actor) => void
}

/** One execution environment of a Lambda function: a process with the production code in it, frozen between invocations. */
export class Environment {
  readonly actor: Actor
  readonly handler: LambdaHandler
  /** When the batch at hand was delivered. */
  deliveredAt = 0
  /** Whether something happened of which the ledger may not know. */
  hasUnmarkedEffect = false

  constructor(actor: Actor, setting: EnvironmentSetting) {
    const { world, consumer: name, oracle, bank } = setting
    const { profile } = world
    this.actor = actor
    const ledger = ledgerOf(actor, setting)
    const consumer = createConsumer({
      name,
      ...(ledger === undefined ? {} : { ledger }),
      ...(profile.insertsOnly ? { select: { eventName: ['INSERT'] as const } } : {}),
      identity: identityOf(profile.identity),
      numbers: profile.workload.hugeKeys ? 'bigint' : 'number',
      retry: { maxAttempts: profile.maxAttempts, baseDelayMs: 50, maxDelayMs: 1_000 },
      concurrency: profile.concurrency,
      handler: mailHandler({
        world,
        oracle,
        process: this,
        poisonIsGivenUp: givesUp(profile.mapping),
        overstayMs: 2 * profile.mapping.functionTimeoutMs,
        ...(bank === undefined ? {} : { act: (change, context) => bank.act(change, undefined, context) }),
      }),
      logger: loggerOf(actor, setting),
      clock: actor.clock,
      random: actor.random.fork('consumer'),
    })
    this.handler = createLambdaHandler(consumer, { reportBatchItemFailures: profile.mapping.reportsFailures })
  }
}

function ledgerOf(actor: Actor, { world, network, claims, bank }: EnvironmentSetting): Ledger<unknown> | undefined {
  const { ledger } = world.profile
  if (bank !== undefined) return bank.ledgerOf(actor, network.client(actor))
  const drawn = actor.random.fork('ledger')
  const random = {
    next: () => drawn.next(),
    // A session's token is the only id that a ledger draws.
    id: () => {
      const token = drawn.id()
      claims.opened(token, actor.name, world.scheduler.now)
      return token
    },
  }
  const parts = { clock: actor.clock, random }
  if (ledger === 'none' || commitsOnce(ledger)) return undefined
  if (ledger === 'memory') return memoryLedger(parts)
  return dynamodbLedger({ ...parts, client: network.client(actor), tableName: ledgerTable, uncertain: ledger })
}

function loggerOf(actor: Actor, { world, uncertain, claims }: EnvironmentSetting): Logger {
  const note = (message: string, fields: { readonly [name: string]: unknown } = {}) => {
    const { error } = fields
    world.trace.note(actor.name, `log: ${message}${error instanceof Error ? `: ${error.message.slice(0, 90)}` : ''}`)
    if (error instanceof UncertainOutcomeError) uncertain(error, actor)
    const session = claims.sessionOf(actor.name)
    if (error instanceof LedgerError && session !== undefined) session.wasCutOff = true
    if (error instanceof DecodeError) world.mark('record undecodable')
  }
  return { debug() {}, info() {}, warn: note, error: note }
}
