import { LeaseLostError } from '../../errors.ts'
import type { LedgerBatch, LedgerSession, LedgerShard, ShardLedger } from '../ledger.ts'
import { ShardMarks, type KeeperSetting } from './mark-keeper.ts'
import { PostgresSession } from './sessions.ts'
import { ShardMark } from './shard-mark.ts'
import { SharedTransaction, type SharedTransactionSetting } from './shared-transaction.ts'
import { storeError } from './store-error.ts'
import type { ShardSession } from './store.ts'

/** What a shard's ledger is made of. */
export interface ShardLedgerSetting<Transaction> extends Pick<
  SharedTransactionSetting<Transaction>,
  'maxMs' | 'size' | 'suspects'
> {
  readonly keeper: KeeperSetting<Transaction>
}

interface Taken<Transaction> {
  readonly mark: ShardMark
  readonly shared: SharedTransaction<Transaction>
}

/**
 * A shard at work: its pages share one transaction after the other, so that one connection and one lock on the shard's row
 * is all it ever holds.
 *
 *     new ── the first page ──▶ taken: the row is this session's ── another takes it ──▶ nothing can be committed any more
 */
export class PostgresShardLedger<Transaction> implements ShardLedger<Transaction> {
  readonly #setting: ShardLedgerSetting<Transaction>
  readonly #session: ShardSession
  readonly failed: Promise<unknown>
  #fail: (error: unknown) => void = () => {}
  #taking: Promise<Taken<Transaction>> | undefined
  #taken: Taken<Transaction> | undefined
  #isClosed = false

  constructor(shard: LedgerShard, setting: ShardLedgerSetting<Transaction>) {
    this.#setting = setting
    this.#session = { shard, id: setting.keeper.random.id() }
    this.failed = new Promise((resolve) => (this.#fail = resolve))
  }

  async open({ consumer, entries }: LedgerBatch): Promise<LedgerSession<Transaction>> {
    const { mark, shared } = await (this.#taking ??= this.#take())
    mark.opened(entries)
    return new PostgresSession({ shared, mark, marked: await this.#readMarks(consumer, entries) })
  }

  drain(stage: 'starts-nothing' | 'waits-for-nothing'): void {
    if (stage === 'waits-for-nothing') void this.#taken?.shared.abandon(handedOver())
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.#taken?.shared.close(handedOver())
    return Promise.resolve()
  }

  async #take(): Promise<Taken<Transaction>> {
    const { keeper, ...common } = this.#setting
    const { store, clock, random, keepMs } = keeper
    const now = clock.now()
    const state = await store.takeOver(this.#session, now, now - keepMs).catch((error: unknown) => {
      this.#taking = undefined
      throw storeError(error, 'taking over the row of the shard')
    })
    if (state === undefined || this.#isClosed) throw new LeaseLostError('the lease of the shard is another worker’s')
    const mark = new ShardMark(state)
    const onFailed = this.#fail
    const marks = new ShardMarks(keeper, this.#session, { mark, onLost: onFailed })
    return (this.#taken = { mark, shared: new SharedTransaction({ store, marks, clock, random, onFailed, ...common }) })
  }

  #readMarks(consumer: string, entries: LedgerBatch['entries']): Promise<ReadonlySet<string>> | undefined {
    const { store, clock, keepMs } = this.#setting.keeper
    if (!this.#session.shard.recurs) return undefined
    const keys = entries.map(({ idempotencyKey }) => idempotencyKey)
    return store.readMarks(consumer, keys, clock.now() - keepMs).catch((error: unknown) => {
      throw storeError(error, 'reading marks')
    })
  }
}

function handedOver(): LeaseLostError {
  return new LeaseLostError('it was not committed when the shard was handed over; its next owner handles the record')
}
