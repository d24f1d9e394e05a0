import { DeadlineError } from '../../../errors.ts'
import { Outstanding } from '../../../internal/outstanding.ts'
import { isThenable } from '../../../internal/thenable.ts'
import {
  actionsPerTransaction,
  RecordTransaction,
  type DynamoDBTransaction,
  type SealedTransaction,
} from './transaction.ts'
import { CommitChain } from './chain.ts'
import { GroupCommit } from './group.ts'
import { Ready } from './ready.ts'
import { ShardSession } from './shard-session.ts'
import type { TransactionSetting } from './setting.ts'
import { readMarks } from '../marks.ts'
import type {
  Claim,
  ClaimOutcome,
  Completion,
  LedgerBatch,
  LedgerEntry,
  LedgerSession,
  LedgerShard,
  ShardLedger,
} from '../../ledger.ts'
import type { ShardOrder, Slot } from '../../shard-order.ts'

/**
 * A shard under a lease: what its handlers have collected becomes ready here, and is committed in the shard's order with one
 * mark for all of it (`CommitChain`).
 */
export class TransactionShard implements ShardLedger<DynamoDBTransaction> {
  readonly #shard: LedgerShard
  readonly #setting: TransactionSetting
  readonly #chain: CommitChain
  readonly #group: GroupCommit
  #opened: Promise<ShardOrder<Ready>> | undefined
  #order: ShardOrder<Ready> | undefined
  #lastOpened: Promise<unknown> = Promise.resolve()
  // Operations that became ready since it was last looked whether they fill a pack: below its worth there is no need to.
  #readyCount = 0
  readonly #open = new Outstanding()

  constructor(shard: LedgerShard, setting: TransactionSetting) {
    this.#shard = shard
    this.#setting = setting
    this.#chain = new CommitChain(shard, setting, () => this.#group.soon(false))
    this.#group = new GroupCommit(setting.clock, () => this.#commit())
  }

  open(batch: LedgerBatch): Promise<LedgerSession<DynamoDBTransaction>> {
    const session = this.#openSession(batch, this.#lastOpened)
    this.#lastOpened = session.catch(() => {}) // whoever opened it is told
    return session
  }

  async #openSession(batch: LedgerBatch, before: Promise<unknown>): Promise<LedgerSession<DynamoDBTransaction>> {
    const { requests, clock } = this.#setting
    const marks = this.#shard.recurs ? readMarks(requests, batch, clock.now()) : undefined
    const [order, completed] = await Promise.all([(this.#opened ??= this.#chain.open()), marks])
    this.#order = order
    // Admitted in the order of the calls, also when a later one was answered first: marks are kept in the shard's order.
    await before
    order.admit(batch.entries)
    return new ShardSession(this, completed)
  }

  /** More would only grow old in memory: commits can't be any fuller, and what waits for them is dear to collect. */
  get isBehind(): boolean {
    return this.#chain.isCommitting && this.#open.size >= actionsPerTransaction && this.#chain.isBehind
  }

  drain(stage: 'starts-nothing' | 'waits-for-nothing'): void {
    this.#chain.patience = stage === 'starts-nothing' ? 'for-running' : 'for-none'
    this.#group.soon(false)
  }

  close(): void {
    this.#group.stop()
    this.#chain.end(
      new DeadlineError('its transaction was not committed when the shard was given up; the record comes again'),
    )
  }

  claim(entry: LedgerEntry, completed: ReadonlySet<string> | undefined): ClaimOutcome {
    const slot = this.#order?.find(entry)
    if (slot === undefined || slot.state === 'done') return completedBefore
    if (completed?.has(entry.idempotencyKey) === true) {
      this.leave(entry, 'settled')
      return completedBefore
    }
    slot.state = 'running'
    return { status: 'claimed', claim: new ShardClaim(slot) }
  }

  /** Answers without a promise where nothing had to be waited for: a handler that only collects costs no more than its calls. */
  attempt(claim: ShardClaim, run: (transaction: DynamoDBTransaction) => unknown): Promise<void> | void {
    const transaction = new RecordTransaction(this.#setting.schemas, this.#shard.recurs ? 98 : 99)
    if (claim.slot.state !== 'done') claim.slot.state = 'running'
    this.#group.begin()
    try {
      const ran = run(transaction)
      const sealed = isThenable(ran) ? ran.then(() => transaction.seal()) : transaction.seal()
      if (isThenable(sealed)) return this.#sealedLater(claim, transaction, sealed)
      claim.transaction = sealed
      this.#group.end()
    } catch (error) {
      this.#attemptFailed(claim, transaction)
      throw error
    }
  }

  async #sealedLater(
    claim: ShardClaim,
    transaction: RecordTransaction,
    sealing: PromiseLike<SealedTransaction>,
  ): Promise<void> {
    try {
      claim.transaction = await sealing
    } catch (error) {
      this.#attemptFailed(claim, transaction)
      throw error
    }
    this.#group.end()
  }

  #attemptFailed({ entry }: ShardClaim, transaction: RecordTransaction): void {
    transaction.discard()
    this.leave(entry, 'stopped')
    this.#group.end()
  }

  complete({ slot, transaction }: ShardClaim): Promise<Completion> {
    const { ended } = this.#chain
    if (ended !== undefined) return Promise.reject(ended.error)
    // A commit of an earlier attempt, given up by us, was applied after all.
    if (slot.state === 'done') return Promise.resolve({ status: 'completed' })
    const completion = new Promise<Completion>((resolve, reject) => {
      slot.state = 'ready'
      slot.ready = new Ready(slot, transaction, [resolve, reject], this.#open)
    })
    this.#becameReady(Math.max(1, transaction.operations.length))
    return completion
  }

  leave(entry: LedgerEntry, how: 'settled' | 'stopped'): void {
    const slot = this.#order?.find(entry)
    if (slot === undefined || slot.state === 'ready') return
    if (how === 'settled') this.#order?.finish(slot)
    else if (slot.state !== 'done') slot.state = 'aside'
    this.#group.soon(false)
  }

  async flush(): Promise<void> {
    this.#group.now()
    await this.#open.over()
  }

  #becameReady(operationCount: number): void {
    this.#readyCount += operationCount
    if (this.#chain.isCommitting) return
    const mayFillPack = this.#readyCount >= actionsPerTransaction - 1
    if (mayFillPack) this.#readyCount = 0
    this.#group.soon(mayFillPack && this.#chain.isPackFull)
  }

  #commit(): void {
    this.#readyCount = 0
    void this.#chain.commitAll()
  }
}

const completedBefore: ClaimOutcome = { status: 'completed' }
const nothing: SealedTransaction = { operations: [], bytes: 0 }

/** A record of the shard under way, and what its handler has collected. */
export class ShardClaim implements Claim {
  readonly token = ''
  readonly slot: Slot<Ready>
  transaction: SealedTransaction = nothing

  constructor(slot: Slot<Ready>) {
    this.slot = slot
  }

  get entry(): LedgerEntry {
    return this.slot.entry
  }
}
