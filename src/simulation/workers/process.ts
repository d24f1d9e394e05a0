import { TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb'
import { createConsumer } from '../../consumer/create-consumer.ts'
import { LedgerError, UncertainOutcomeError } from '../../errors.ts'
import type { HandlerContext } from '../../handler/handler.ts'
import { dynamodbLedger } from '../../ledger/dynamodb/dynamodb-ledger.ts'
import type { ChangeRecord } from '../../record/record.ts'
import type { Logger } from '../../telemetry/log.ts'
import { createWorker, type Worker } from '../../worker.ts'
import type { Actor } from '../actor.ts'
import type { Change } from '../history.ts'
import type { Bank } from '../bank/bank.ts'
import { fencedEffect, isDoneAlready } from '../fenced-effect.ts'
import { mailHandler } from '../mail-handler.ts'
import type { Ailments } from '../parking/ailments.ts'
import type { LotOracle } from '../parking/lot-oracle.ts'
import { parkingOptionsOf } from '../parking/parking-options.ts'
import type { Network, NetworkClient } from '../network.ts'
import type { Oracle } from '../oracle.ts'
import { itemsTable, ledgerTable } from '../simulated-database.ts'
import { changeOfDecoded, identityOf } from '../stream-change.ts'
import type { WorkerHabits, WorkerProfile } from './profile.ts'
import type { WorkerMark } from './marks.ts'
import type { HandlerRun, WorkerOracle } from './oracle.ts'
import type { World } from '../world.ts'

/** What worker processes are made of. */
export interface WorkerProcessSetting {
  readonly world: World<WorkerProfile, WorkerMark>
  readonly network: Network
  readonly oracle: Oracle
  readonly workerOracle: WorkerOracle
  readonly bank: Bank | undefined
  /** When a process last got a record from the stream. */
  readonly deliveredAt: (actor: string, eventId: string) => number
  /** Where consumers park. */
  readonly lot: LotOracle
  readonly ailments: Ailments | undefined
  /** Told of each handler that is begun. */
  readonly begins: (change: Change) => void
  /** Told of each request that a process sends. */
  readonly sends: (command: object) => void
  /** Told of each answer that reaches it. */
  readonly received: (actor: string, output: object) => void
  /** Told when a record's outcome is not known and a person has to find out. */
  readonly uncertain: (error: UncertainOutcomeError) => void
}

/** One process of a fleet, with the production code in it. */
export class WorkerProcess {
  readonly actor: Actor
  readonly worker: Worker
  /** Of the record that a handler is just called with. */
  deliveredAt = 0
  hasUnmarkedEffect = false
  readonly #setting: WorkerProcessSetting

  constructor(actor: Actor, onGap: WorkerHabits['onGap'], setting: WorkerProcessSetting) {
    const { world, network, bank } = setting
    const { profile } = world
    this.actor = actor
    this.#setting = setting
    const sender = network.client(actor)
    const client: NetworkClient = {
      send: (command) => {
        setting.sends(command)
        const answer = sender.send(command)
        answer.then(
          (output: object) => setting.received(actor.name, output),
          () => {},
        )
        return answer
      },
    }
    const { ledger } = profile
    const parts = { clock: actor.clock, random: actor.random.fork('ledger') }
    const consumer = createConsumer({
      name: 'mails',
      ...(ledger === 'retry' || ledger === 'park'
        ? { ledger: dynamodbLedger({ ...parts, client, tableName: ledgerTable, uncertain: ledger }) }
        : {}),
      ...(bank === undefined ? {} : { ledger: bank.ledgerOf(actor, client) }),
      ...(profile.insertsOnly ? { select: { eventName: ['INSERT'] as const } } : {}),
      identity: identityOf(profile.identity),
      numbers: profile.workload.hugeKeys ? 'bigint' : 'number',
      retry: { maxAttempts: profile.maxAttempts, baseDelayMs: 50, maxDelayMs: 1_000 },
      concurrency: profile.concurrency,
      ...parkingOf(actor, setting),
      handler: this.#handler(),
      logger: this.#logger(),
      clock: actor.clock,
      random: actor.random.fork('consumer'),
    })
    this.worker = createWorker(consumer, {
      ...profile.worker,
      ...{ onGap, tableName: itemsTable, dynamodb: client, streams: client, coordinationTableName: ledgerTable },
      ...{ workerName: actor.name, logger: this.#logger(), clock: actor.clock, random: actor.random.fork('worker') },
    })
  }

  /** The id under which it has leases just now. */
  get memberId(): string {
    return this.worker.status().fleets[0]?.workerId ?? ''
  }

  #handler(): (record: ChangeRecord, context: HandlerContext<unknown>) => Promise<void> {
    const { world, oracle, workerOracle, deliveredAt, bank, lot, ailments } = this.#setting
    const { isFenced, worker } = world.profile
    const client = this.#setting.network.client(this.actor)
    const runs = new WeakMap<HandlerContext<unknown>, HandlerRun>()
    const mail = mailHandler({
      ...{ world, oracle, process: this, poisonIsGivenUp: false, overstayMs: 2 * worker.leaseDurationMs },
      ails: (record, change) => ailments?.ofHost(record, change, this.actor, lot, true),
      act: (change, context) => {
        const run = runs.get(context)
        if (run === undefined) throw new Error('a handler acts that was never begun')
        if (bank !== undefined) return bank.act(change, run, context)
        return isFenced ? commit(client, run, context) : workerOracle.effect(run)
      },
    })
    return async (record, context) => {
      const change = changeOfDecoded(record)
      if (context.lease === undefined) throw new Error('a handler has no lease')
      const run = { change, actor: this.actor.name, right: context.lease }
      runs.set(context, run)
      this.deliveredAt = deliveredAt(this.actor.name, change.eventId)
      workerOracle.began(run)
      lot.began(change, this.actor.name)
      this.#setting.begins(change)
      let isClean = false
      try {
        await mail(record, context)
        isClean = !context.signal.aborted
      } finally {
        workerOracle.ended(run, isClean)
      }
    }
  }

  #logger(): Logger {
    const { world, uncertain, workerOracle, lot } = this.#setting
    const note = (message: string, fields: { readonly [name: string]: unknown } = {}) => {
      const { error } = fields
      world.trace.note(
        this.actor.name,
        `log: ${message}${error instanceof Error ? `: ${error.message.slice(0, 160)}` : ''}`,
      )
      if (error instanceof UncertainOutcomeError) uncertain(error)
      // What was not saved with the release is not saved.
      if (message.includes('could not be released')) workerOracle.troubled.add(this.actor.name)
      if (message.includes('could not be given back')) lot.troubled.add(this.actor.name)
      if (error instanceof LedgerError) workerOracle.troubled.add(this.actor.name)
    }
    return { debug() {}, info() {}, warn: note, error: note }
  }
}

/** Without a ledger a worker parks in its coordination table, and with one in the ledger's. */
function parkingOf(actor: Actor, { world, lot }: WorkerProcessSetting) {
  if (world.profile.parking === undefined) return {}
  return { onFailure: 'park' as const, parking: parkingOptionsOf(world, actor, lot) }
}

async function commit(
  client: { send(command: object): Promise<never> },
  run: HandlerRun,
  context: HandlerContext<unknown>,
) {
  if (context.lease === undefined) return
  try {
    await client.send(new TransactWriteItemsCommand(fencedEffect(run, context.lease.condition)))
  } catch (error) {
    // An earlier try of it has done it, and its reply was lost.
    if (!isDoneAlready(error)) throw error
  }
}
