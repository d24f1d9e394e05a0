import { createConsumer } from '../../consumer/create-consumer.ts'
import { DecodeError, LedgerError, UncertainOutcomeError } from '../../errors.ts'
import { createLambdaHandler, type LambdaHandler } from '../../lambda.ts'
import { dynamodbLedger } from '../../ledger/dynamodb/dynamodb-ledger.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { memoryLedger } from '../../ledger/memory-ledger.ts'
import type { ChangeRecord } from '../../record/record.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { Actor } from '../actor.ts'
import type { Bank } from '../bank/bank.ts'
import type { Ailments } from '../parking/ailments.ts'
import type { ClaimWatch } from './claim-watch.ts'
import type { LambdaMark } from './marks.ts'
import { givesUp, type LambdaProfile } from './profile.ts'
import type { LineageWatch } from './lineage-watch.ts'
import type { LotOracle } from '../parking/lot-oracle.ts'
import { mailHandler } from '../mail-handler.ts'
import type { Network } from '../network.ts'
import type { Oracle } from '../oracle.ts'
import { commitsOnce } from '../profile.ts'
import { lotOf } from '../parking/redriver.ts'
import { parkingOptionsOf } from '../parking/parking-options.ts'
import { ledgerTable } from '../simulated-database.ts'
import { changeOfDecoded, identityOf } from '../stream-change.ts'
import type { World } from '../world.ts'

// A minute, and what clocks may differ by
const notedAfterMs = 65_000

/** What an environment is made of. */
export interface EnvironmentSetting {
  readonly world: World<LambdaProfile, LambdaMark>
  readonly consumer: string
  readonly oracle: Oracle
  readonly network: Network
  readonly claims: ClaimWatch
  readonly bank: Bank | undefined
  readonly lineage: LineageWatch
  /** Where consumers park. */
  readonly lot: LotOracle
  readonly ailments: Ailments | undefined
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
  /** Handlers that run, those of earlier batches included. */
  runningCount = 0
  /** The records of the batch at hand. */
  delivered: ReadonlySet<string> = new Set()

  constructor(actor: Actor, setting: EnvironmentSetting) {
    const { world, consumer: name, oracle, lot, ailments, bank } = setting
    const { profile } = world
    this.actor = actor
    const ledger = ledgerOf(actor, setting)
    const handle = mailHandler({
      world,
      oracle,
      process: this,
      poisonIsGivenUp: givesUp(profile.mapping),
      overstayMs: 2 * profile.mapping.functionTimeoutMs,
      ...(bank === undefined ? {} : { act: (change, context) => bank.act(change, undefined, context) }),
      ails: (record, change) => ailments?.ofHost(record, change, actor, lot, isLate(record, world)),
    })
    const { parking } = profile
    const consumer = createConsumer({
      name,
      ...(ledger === undefined ? {} : { ledger }),
      ...(profile.insertsOnly ? { select: { eventName: ['INSERT'] as const } } : {}),
      identity: identityOf(profile.identity),
      numbers: profile.workload.hugeKeys ? 'bigint' : 'number',
      retry: { maxAttempts: profile.maxAttempts, baseDelayMs: 50, maxDelayMs: 1_000 },
      concurrency: profile.concurrency,
      ...(parking === undefined ? {} : { onFailure: 'park' as const, parking: parkingOf(actor, setting) }),
      handler: (record, context) => {
        lot.began(changeOfDecoded(record), actor.name)
        if (parking === undefined) return handle(record, context)
        this.runningCount += 1
        return handle(record, context).finally(() => (this.runningCount -= 1))
      },
      logger: loggerOf(actor, setting),
      clock: actor.clock,
      random: actor.random.fork('consumer'),
    })
    this.handler = createLambdaHandler(consumer, { reportBatchItemFailures: profile.mapping.reportsFailures })
  }
}

function parkingOf(actor: Actor, { world, network, bank, lot: oracle }: EnvironmentSetting) {
  const lot = bank === undefined ? { lot: lotOf(network.client(actor), actor) } : {}
  return { ...lot, ...parkingOptionsOf(world, actor, oracle) }
}

/** Whether an attempt at the record is to be noted before it begins, by the age of both. */
function isLate({ createdAt }: ChangeRecord, { clock }: World<LambdaProfile, LambdaMark>): boolean {
  return clock.now() - createdAt.getTime() > notedAfterMs
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

function loggerOf(actor: Actor, { world, uncertain, claims, lot }: EnvironmentSetting): Logger {
  const note = (message: string, fields: { readonly [name: string]: unknown } = {}) => {
    const { error } = fields
    world.trace.note(actor.name, `log: ${message}${error instanceof Error ? `: ${error.message.slice(0, 90)}` : ''}`)
    if (error instanceof UncertainOutcomeError) uncertain(error, actor)
    const session = claims.sessionOf(actor.name)
    if (error instanceof LedgerError && session !== undefined) session.wasCutOff = true
    if (message.includes('could not be given back')) lot.troubled.add(actor.name)
    if (error instanceof DecodeError) world.mark('record undecodable')
  }
  return { debug() {}, info() {}, warn: note, error: note }
}
