import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { ConfigurationError, LedgerError, TransactionError } from '../../../errors.ts'
import { classifyAwsError } from '../../../internal/aws-error.ts'
import type { Clock, Random } from '../../../internal/clock.ts'
import { systemClock, systemRandom } from '../../../internal/system.ts'
import { functionNamed, integer, knownNames, optional, pattern, shape } from '../../../internal/validate.ts'
import { AttemptedItem, type ItemProjection } from './item.ts'
import { noteOf, readNote, type Note } from './note.ts'
import { requestOf, type ItemWrite, type ProjectionTable } from './write.ts'
import { TableSender, type DynamoDBSender, type SendingRules } from '../send.ts'
import type { Claim, ClaimOutcome, Completion, Ledger, LedgerEntry, LedgerSession } from '../../ledger.ts'

/** What a projection is made of. */
export interface DynamoDBProjectionOptions {
  /** A DynamoDBClient of the AWS SDK v3, or anything that takes its commands. */
  readonly client: DynamoDBSender
  /** Your table of projected items. Its keys and its other attributes are yours. */
  readonly tableName: string
  /** Has time to live take tombstones away. Default: they stay. */
  readonly tombstones?: TombstoneOptions
  readonly clock?: Clock
  readonly random?: Random
}

/** When a tombstone is forgotten. A change that comes even later brings the item back, as it was then. */
export interface TombstoneOptions {
  /** Days for which one stays at least; 2 to 3,650: a stream brings a change for 24 hours, dead letters for longer. */
  readonly keepDays: number
  /** The attribute on which the table has its time to live; an `update` that does not set it removes it. */
  readonly ttlAttribute: string
}

const dayMs = 86_400_000

const rules: SendingRules = {
  // As long as a ledger tries. A write without an answer may be sent again: it finds its own position.
  ...{ maxAttempts: 9, baseDelayMs: 50, maxDelayMs: 3_000, forMs: 20_000 },
  what: 'a projected item',
  actions: 'dynamodb:PutItem and UpdateItem',
  remedies: {
    'resource-not-found': "; create it, in the client's region: it is a table of yours, with keys of yours",
    validation: '',
  },
  failure: (message, options) => new LedgerError(message, options),
}

/**
 * Keeps one item of a table of yours for each source item: the change's position stands on the item that it changes, and
 * the write is conditional on it. One write a record, no row beside it, no read. For effects that are a state, not an
 * addition; what it is not for, and how a delete is kept: docs/guarantees.md.
 *
 *     ledger: dynamodbProjection({ client, tableName: 'order-view' }),
 *     handler: ({ newImage, keys }, { transaction }) =>
 *       newImage === undefined ? transaction.delete({ id: keys.id }) : transaction.put({ id: keys.id, total: newImage.total })
 */
export function dynamodbProjection(options: DynamoDBProjectionOptions): Ledger<ItemProjection> {
  shape('dynamodbProjection options', options)
  knownNames('dynamodbProjection options', options, ['client', 'tableName', 'tombstones', 'clock', 'random'])
  shape('client', options.client)
  functionNamed('client.send', options.client.send)
  const { clock = systemClock, random = systemRandom } = options
  const table = {
    tableName: pattern('tableName', options.tableName, /^[A-Za-z0-9_.:/-]{3,1024}$/, 'the name or ARN of a table'),
    tombstones: optional(options.tombstones, resolveTombstones),
  }
  const sender = new TableSender(options.client, table.tableName, clock, random, rules)
  return {
    assertServes({ name, identity }) {
      if (identity === 'record') return
      throw new ConfigurationError(
        `consumer '${name}' has an identity (${identity}), and a projection tells changes by their place in the stream ` +
          `alone: leave identity out, or take another ledger`,
      )
    },
    // It has no memory: its handlers run again, and what they write is passed over where the item is as new already.
    completed: () => Promise.resolve(new Set()),
    open: ({ consumer }) => Promise.resolve(new ProjectionSession(consumer, table, sender, clock)),
  }
}

function resolveTombstones(tombstones: TombstoneOptions): ProjectionTable['tombstones'] {
  shape('tombstones', tombstones)
  knownNames('tombstones', tombstones, ['keepDays', 'ttlAttribute'])
  return {
    keepMs: integer('tombstones.keepDays', tombstones.keepDays, 2, 3_650) * dayMs,
    ttlAttribute: pattern(
      'tombstones.ttlAttribute',
      tombstones.ttlAttribute,
      /^.{1,255}$/su,
      'the name of an attribute',
    ),
  }
}

/**
 * Nothing is asked before a handler, and nothing has to be fenced: whoever writes late, a zombie or a redelivery, finds a
 * position that is its own or later. What a handler writes is of the record alone, so a repetition that overtakes writes
 * the same.
 */
class ProjectionSession implements LedgerSession<ItemProjection> {
  readonly laneWaits = true
  readonly commitsAlone = true
  readonly #consumer: string
  readonly #table: ProjectionTable
  readonly #sender: TableSender
  readonly #clock: Clock
  readonly #attempted = new Map<LedgerEntry, ItemWrite | 'skip'>()
  readonly #committing = new Set<Promise<unknown>>()

  constructor(consumer: string, table: ProjectionTable, sender: TableSender, clock: Clock) {
    this.#consumer = consumer
    this.#table = table
    this.#sender = sender
    this.#clock = clock
  }

  claim(entry: LedgerEntry): ClaimOutcome {
    return { status: 'claimed', claim: { entry, token: '' } }
  }

  async attempt({ entry }: Claim, run: (transaction: ItemProjection) => unknown): Promise<void> {
    const item = new AttemptedItem()
    try {
      await run(item)
    } catch (error) {
      item.abandon()
      throw error
    }
    this.#attempted.set(entry, item.end())
  }

  complete({ entry }: Claim): Promise<Completion | void> | void {
    const write = this.#attempted.get(entry)
    this.#attempted.delete(entry)
    if (write === 'skip') return undefined
    const committed = this.#commit(write, entry)
    this.#committing.add(committed)
    const over = () => this.#committing.delete(committed)
    committed.then(over, over)
    return committed
  }

  release(): void {
    // A claim is nothing here: there is nothing to give back.
  }

  async flush(): Promise<void> {
    await Promise.allSettled(this.#committing)
  }

  close(): void {
    // What is under way may still land: it is refused where the item is further, and true where it is not.
  }

  async #commit(write: ItemWrite | undefined, entry: LedgerEntry): Promise<Completion> {
    if (write === undefined)
      throw new LedgerError(`no attempt at record ${entry.eventId} to commit`, { retryable: false })
    const note = noteOf(this.#consumer, entry)
    try {
      await this.#sender.send('write', requestOf(write, note, this.#table, this.#clock.now()))
      return { status: 'completed' }
    } catch (error) {
      return this.#judge(error, note)
    }
  }

  #judge(error: unknown, note: Note): Completion {
    if (classifyAwsError(error) === 'conditional-check-failed') return this.#judgeStanding(error, note)
    const { cause } = error as { readonly cause?: unknown }
    if (classifyAwsError(cause) !== 'validation') throw error
    const message = `DynamoDB can't take this item: ${(error as Error).message}`
    return { status: 'refused', error: new TransactionError(message, { cause }) }
  }

  /**
   * What stood against the write. After a lost reply it is the write itself: then it happened, as with any duplicate.
   */
  #judgeStanding(error: unknown, { position, source }: Note): Completion {
    const { Item } = error as { readonly Item?: Record<string, AttributeValue> }
    if (Item === undefined)
      throw new LedgerError(
        `DynamoDB did not show the item of table '${this.#table.tableName}' that stands against a write (ReturnValuesOnConditionCheckFailure)`,
        { cause: error, retryable: false },
      )
    const standing = readNote(Item)
    if (standing?.source !== source) return { status: 'refused', error: this.#foreign(standing, source, error) }
    return { status: standing.position === position ? 'duplicate' : 'superseded' }
  }

  #foreign(standing: Note | undefined, source: string, cause: unknown): TransactionError {
    const other = standing === undefined ? 'something else' : `'${standing.source}'`
    return new TransactionError(
      `the item in table '${this.#table.tableName}' is kept by ${other}, and this record is of '${source}' (consumer and ` +
        `source item): a projected item belongs to one source item, in one table of one region, and to one consumer`,
      { cause },
    )
  }
}
