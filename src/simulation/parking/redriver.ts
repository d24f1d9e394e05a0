import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { createConsumer } from '../../consumer/create-consumer.ts'
import type { Consumer } from '../../consumer/consumer.ts'
import { UncertainOutcomeError } from '../../errors.ts'
import type { HandlerContext } from '../../handler/handler.ts'
import { dynamodbLedger } from '../../ledger/dynamodb/dynamodb-ledger.ts'
import { dynamodbParkingLot } from '../../parking/dynamodb/parking-lot.ts'
import type { ParkingLot } from '../../parking/parking-lot.ts'
import type { ChangeRecord } from '../../record/record.ts'
import type { RawRecord } from '../../source/source.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { Actor } from '../actor.ts'
import type { Bank } from '../bank/bank.ts'
import type { Ailments } from './ailments.ts'
import type { Change } from '../history.ts'
import type { LotOracle } from './lot-oracle.ts'
import { mailHandler } from '../mail-handler.ts'
import type { Network, NetworkClient } from '../network.ts'
import type { Oracle } from '../oracle.ts'
import type { ParkingMark } from './parking-marks.ts'
import type { ConsumerHabits, WorldProfile } from '../profile.ts'
import { ledgerTable } from '../simulated-database.ts'
import { changeOfDecoded, identityOf } from '../stream-change.ts'
import type { World } from '../world.ts'

/** Of a world in which somebody redrives. */
export type ParkingWorld = World<WorldProfile & ConsumerHabits, ParkingMark>

/** What redrivers are made of. */
export interface RedriverSetting {
  readonly world: ParkingWorld
  readonly network: Network
  readonly consumer: string
  readonly oracle: Oracle
  readonly lot: LotOracle
  readonly ailments: Ailments
  /** Where effects commit with their marks. */
  readonly bank: Bank | undefined
  /** The change as the oracle counts it. */
  readonly ordered: (change: Change) => Change
  /** Told when a record's outcome is not known and a person has to find out. */
  readonly uncertain: (error: UncertainOutcomeError) => void
}

/** The lot of a process, whose ids are not those of its ledger's sessions. */
export function lotOf(client: NetworkClient, actor: Actor): ParkingLot {
  return dynamodbParkingLot({ client, tableName: ledgerTable, clock: actor.clock, random: actor.random.fork('lot') })
}

/** A process in which a person, or a job, works on what is parked: with the consumer's own code. */
export class Redriver {
  readonly actor: Actor
  readonly #setting: RedriverSetting
  readonly #consumer: Consumer
  deliveredAt = 0
  hasUnmarkedEffect = false

  constructor(actor: Actor, setting: RedriverSetting) {
    const { world, network, consumer: name, bank } = setting
    const { profile } = world
    this.actor = actor
    this.#setting = setting
    const client = network.client(actor)
    const { ledger } = profile
    const parts = { clock: actor.clock, random: actor.random.fork('ledger') }
    this.#consumer = createConsumer({
      name,
      ...(ledger === 'retry' || ledger === 'park'
        ? { ledger: dynamodbLedger({ ...parts, client, tableName: ledgerTable, uncertain: ledger }) }
        : {}),
      ...(bank === undefined ? {} : { ledger: bank.ledgerOf(actor, client) }),
      ...(profile.insertsOnly ? { select: { eventName: ['INSERT'] as const } } : {}),
      identity: identityOf(profile.identity),
      numbers: profile.workload.hugeKeys ? 'bigint' : 'number',
      retry: { maxAttempts: profile.maxAttempts, baseDelayMs: 50, maxDelayMs: 1_000 },
      onFailure: 'park',
      // A ledger whose effects commit with what they take out of the lot has to have the lot itself.
      parking: bank === undefined ? { lot: lotOf(client, actor) } : {},
      handler: this.#handler(),
      logger: this.#logger(),
      clock: actor.clock,
      random: actor.random.fork('consumer'),
    })
  }

  /** Works every lane off, as far as it goes. @returns the lanes at which a record failed again. */
  async redrive(): Promise<readonly string[]> {
    const { lanes } = await this.#consumer.redrive({ force: true, by: this.actor.name })
    for (const { outcome, stopped } of lanes) {
      if (outcome === 'busy') this.#setting.world.mark('lane busy')
      // What stops it is told to nobody's log.
      if (stopped?.error instanceof UncertainOutcomeError) this.#setting.uncertain(stopped.error)
    }
    return lanes.flatMap(({ laneId, stopped }) => (stopped?.reason === 'failed' ? [laneId] : []))
  }

  /** Drops or edits a record: one of some lane, or the first of a given one. */
  async decide(what: 'drop' | 'edit', wanted?: string): Promise<void> {
    const { random } = this.actor
    const lanes = await this.#consumer.parked.lanes()
    const laneId = wanted ?? lanes[random.integer(0, lanes.length - 1)]?.laneId
    if (laneId === undefined) return
    const records = await this.#consumer.parked.records(laneId)
    const record = records[wanted === undefined ? random.integer(0, records.length - 1) : 0]
    if (record === undefined) return
    const { eventId } = record
    if (what === 'drop' || record.record.dynamodb?.NewImage === undefined) {
      const reason = `not wanted, says ${this.actor.name}`
      this.#setting.lot.willDrop(eventId, reason)
      await this.#consumer.parked.drop(laneId, eventId, { reason, by: this.actor.name })
    } else await this.#consumer.parked.edit(laneId, eventId, (raw) => edited(raw, this.actor.name))
  }

  #handler(): (record: ChangeRecord, context: HandlerContext<unknown>) => Promise<void> {
    const { world, oracle, lot, ailments, ordered, bank } = this.#setting
    const { actor } = this
    const handle = mailHandler({
      ...{ world, oracle, process: this, poisonIsGivenUp: false, overstayMs: 0 },
      ails: (record, change) => ailments.ofRedriver(record, change, actor),
      act: (change, context) => {
        if (bank !== undefined) return bank.act(change, undefined, context)
        const { ledger } = world.profile
        // Nothing keeps it from happening after what the lane's next holder did; with 'park' it must be the only one.
        if (lot.isTooLate(change, actor.name) && ledger !== 'park') return
        oracle.effect(ordered(change))
      },
    })
    return async (record, context) => {
      const change = changeOfDecoded(record)
      const edited = record.newImage?.['edited']
      const heldSince = lot.redriven(change, actor.name, typeof edited === 'string' ? edited : undefined)
      this.deliveredAt = heldSince
      await handle(record, context)
    }
  }

  #logger(): Logger {
    const { world, uncertain } = this.#setting
    const note = (message: string, fields: { readonly [name: string]: unknown } = {}) => {
      const { error } = fields
      world.trace.note(
        this.actor.name,
        `log: ${message}${error instanceof Error ? `: ${error.message.slice(0, 90)}` : ''}`,
      )
      if (error instanceof UncertainOutcomeError) uncertain(error)
    }
    return { debug() {}, info() {}, warn: note, error: note }
  }
}

function edited(raw: RawRecord, by: string): RawRecord {
  const { poison: _, ...image } = (raw.dynamodb?.NewImage ?? {}) as Record<string, AttributeValue>
  return { ...raw, dynamodb: { ...raw.dynamodb, NewImage: { ...image, edited: { S: by } } } }
}
