import type { Handler } from '../handler/handler.ts'
import type { RetryPolicy } from '../handler/retry-policy.ts'
import type { OutputOf, RecordSchemas } from '../handler/schema.ts'
import type { Clock, Random } from '../internal/clock.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { NumberMode } from '../record/number.ts'
import type { ParkingOptions } from '../parking/options.ts'
import type { ChangeRecord, EventName, Item, StreamViewType } from '../record/record.ts'
import type { FilterPattern } from '../select/pattern.ts'
import type { SelectedEvents } from '../select/select.ts'
import type { Logger } from '../telemetry/log.ts'

/** One FilterCriteria pattern, or several of which any may match. */
export type Select = FilterPattern | readonly FilterPattern[]

/**
 * What makes two deliveries the same change.
 * - `record`: the stream's own id. Every change counts once.
 * - `message`: table and primary key. One message a key, however often it is put within the ledger's window; for tables
 *   that are message logs.
 * - a function: a business id of your own, a non-empty string. It must depend on the record alone.
 */
export type Identity = 'record' | 'message' | ((record: ChangeRecord) => string)

/** What a consumer is made of. Everything is checked by `createConsumer`. */
export interface ConsumerOptions<
  Selected extends Select = Select,
  View extends StreamViewType = StreamViewType,
  Schemas extends RecordSchemas = RecordSchemas,
  Transaction = undefined,
> {
  /**
   * Scopes everything that is remembered: two consumers of one table never share a memory, and a renamed consumer starts
   * without one. 1 to 100 of `A-Z a-z 0-9 . _ -`.
   */
  readonly name: string
  /**
   * Which changes matter, in Lambda's FilterCriteria pattern language, so that one pattern can serve the event source
   * mapping too. Default: every change.
   */
  readonly select?: Selected
  /** A Standard Schema (zod, valibot, arktype…) for each part of the record. Default: the decoded values as they are. */
  readonly schema?: Schemas
  /**
   * The stream's view type, when you want the types to know it. A stream that carries less than this, than the schemas or
   * than the patterns need is a `ConfigurationError`. Default: not known, images are optional.
   */
  readonly viewType?: View
  /** @default 'record' */
  readonly identity?: Identity
  /** How DynamoDB numbers arrive: exact `number`s or a `DecodeError`, `bigint` for every integer, or `string`. @default 'number' */
  readonly numbers?: NumberMode
  /** What remembers which changes took effect. Default: nothing does, and every delivery runs the handler. */
  readonly ledger?: Ledger<Transaction>
  readonly retry?: Partial<RetryPolicy>
  /**
   * What becomes of a poison record: one that can't be read, of which the handler or a schema says that it can't succeed, or
   * whose attempts are used up.
   * - `stop`: its lane stops; the source keeps it and all that follows.
   * - `park`: it is stored whole, with its error, and so is every later record of its item, until `redrive` has worked them
   *   off in order; all other items go on. Where: in the ledger's table, or a worker's coordination table; see `parking`.
   * @default 'stop'
   */
  readonly onFailure?: 'stop' | 'park'
  /** How records are parked. */
  readonly parking?: ParkingOptions
  /** Lanes that run at once; 1 to 10,000. Records of one item never run at once. @default 10 */
  readonly concurrency?: number
  readonly handler: Handler<SelectedRecord<Selected, View, Schemas>, Transaction>
  /** Where warnings, errors and `context.log` go. Default: JSON lines on the console. */
  readonly logger?: Logger
  /** Time, for tests and simulations. Default: the machine's. */
  readonly clock?: Clock
  /** Randomness, for tests and simulations. Default: the machine's. */
  readonly random?: Random
}

type Image<Name extends 'newImage' | 'oldImage', View, Carrying, Schemas> = Schemas extends {
  readonly [K in Name]: infer S
}
  ? { readonly [K in Name]: OutputOf<S> }
  : StreamViewType extends View
    ? { readonly [K in Name]?: Item }
    : View extends Carrying
      ? { readonly [K in Name]: Item }
      : unknown

/** The record a handler gets: narrowed by what is selected, by the view type and by the schemas. */
export type SelectedRecord<Selected, View, Schemas> = ChangeRecord<
  SelectedEvents<Selected> extends infer Event extends EventName ? Event : EventName,
  Schemas extends { readonly keys: infer S } ? OutputOf<S> : Item,
  Image<'newImage', View, 'NEW_IMAGE' | 'NEW_AND_OLD_IMAGES', Schemas>,
  Image<'oldImage', View, 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES', Schemas>
>
