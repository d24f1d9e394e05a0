import { DeadlineError, isTidemarkError } from '../errors.ts'
import { retryDelayMs } from '../handler/retry-policy.ts'
import { readMarks } from './dynamodb-marks.ts'
import {
  actionsPerTransaction,
  RecordTransaction,
  type DynamoDBTransaction,
  type SealedTransaction,
} from './dynamodb-transaction.ts'
import { commit, passes, type CommitOutcome, type Reason } from './dynamodb-transaction-commit.ts'
import { GroupCommit } from './dynamodb-transaction-group.ts'
import { markAction } from './dynamodb-transaction-marks.ts'
import { Pack, refusalError, refusedAlone, type Refusal } from './dynamodb-transaction-pack.ts'
import { commitRetry, notCommitted, type TransactionSetting } from './dynamodb-transaction-setting.ts'
import { tellRefusedCommit } from './refused-commit.ts'
import { ShardRow, type StoredMark } from './dynamodb-transaction-shard-row.ts'
import type {
  Claim,
  ClaimOutcome,
  Completion,
  LedgerBatch,
  LedgerEntry,
  LedgerSession,
  LedgerShard,
  ShardLedger,
} from './ledger.ts'
import { ShardOrder, type Patience, type ShardMark, type Slot } from './shard-order.ts'

/** What a record that is ready is committed with, and whoever waits for it. */
interface Ready {
  readonly slot: Slot<Ready>
  readonly transaction: SealedTransaction
  readonly settle: (completion: Completion) => void
  readonly reject: (error: unknown) => void
}

/**
 * A shard under a lease: one mark for all of it, written with each pack of effects, one pack at a time.
 *
 *     unopened ── the row is made ours ──▶ open ⇄ committing ── can't tell, or the shard is another's ──▶ failed
 *                                           └──────────────────── close ──────────────────────────────▶ closed
 *
 * After each commit of which the outcome is not plain, the row is opened again, and what it says is adopted: which records have
 * taken effect is never concluded from anything else. Whatever was sent before names a link of the row's chain that is gone by
 * then. Were it merely read, the commit could still land: after its record was refused, parked and redriven.
 */
export class TransactionShard implements ShardLedger<DynamoDBTransaction> {
  readonly #shard: LedgerShard
  readonly #setting: TransactionSetting
  readonly #row: ShardRow
  readonly #group: GroupCommit
  #opened: Promise<ShardOrder<Ready>> | undefined
  #order: ShardOrder<Ready> | undefined
  #lastOpened: Promise<unknown> = Promise.resolve()
  #commitId = ''
  #patience: Patience = 'for-all'
  #isCommitting = false
  // Operations that became ready since the last commit: below a pack's worth there is no need to look whether one is full.
  #readyCount = 0
  // Fewer records a pack after a conflict, or after a pack was refused as a whole; more again after each that was applied.
  #mostRecords = Infinity
  #tries = 0
  #ended: { readonly error: unknown } | undefined
  readonly #open = new Set<Promise<unknown>>()

  constructor(shard: LedgerShard, setting: TransactionSetting) {
    this.#shard = shard
    this.#setting = setting
    this.#row = new ShardRow(shard, setting)
    this.#group = new GroupCommit(setting.clock, () => void this.#commitAll())
  }

  open(batch: LedgerBatch): Promise<LedgerSession<DynamoDBTransaction>> {
    const session = this.#openSession(batch, this.#lastOpened)
    this.#lastOpened = session.catch(() => {}) // whoever opened it is told
    return session
  }

  async #openSession(batch: LedgerBatch, before: Promise<unknown>): Promise<LedgerSession<DynamoDBTransaction>> {
    const { requests, clock } = this.#setting
    const marks = this.#shard.recurs ? readMarks(requests, batch, clock.now()) : new Set<string>()
    const [order, completed] = await Promise.all([(this.#opened ??= this.#openRow()), marks])
    // Admitted in the order of the calls, also when a later one was answered first: marks are kept in the shard's order.
    await before
    order.admit(batch.entries)
    return new ShardSession(this, completed)
  }

  drain(stage: 'starts-nothing' | 'waits-for-nothing'): void {
    this.#patience = stage === 'starts-nothing' ? 'for-running' : 'for-none'
    this.#group.soon(false)
  }

  close(): void {
    this.#end(
      new DeadlineError('its transaction was not committed when the shard was given up; the record comes again'),
    )
  }

  claim(entry: LedgerEntry, completed: ReadonlySet<string>): ClaimOutcome {
    const slot = this.#order?.find(entry)
    if (slot === undefined || slot.state === 'done') return { status: 'completed' }
    if (completed.has(entry.idempotencyKey)) {
      this.leave(entry, 'settled')
      return { status: 'completed' }
    }
    slot.state = 'running'
    return { status: 'claimed', claim: { entry, token: '' } }
  }

  async attempt({ entry }: Claim, run: (transaction: DynamoDBTransaction) => unknown): Promise<SealedTransaction> {
    const transaction = new RecordTransaction(this.#setting.schemas, this.#shard.recurs ? 98 : 99)
    this.#move(entry, 'running')
    this.#group.begin()
    try {
      await run(transaction)
      return await transaction.seal()
    } catch (error) {
      this.leave(entry, 'stopped')
      throw error
    } finally {
      transaction.discard()
      this.#group.end()
    }
  }

  complete({ entry }: Claim, transaction: SealedTransaction): Promise<Completion> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended.error)
    const slot = this.#order?.find(entry)
    // A commit of an earlier attempt, given up by us, was applied after all.
    if (slot === undefined || slot.state === 'done') return Promise.resolve({ status: 'completed' })
    const completion = new Promise<Completion>((settle, reject) => {
      slot.state = 'ready'
      slot.ready = { slot, transaction, settle, reject }
    })
    this.#open.add(completion)
    const forget = () => void this.#open.delete(completion)
    completion.then(forget, forget)
    this.#readyCount += Math.max(1, transaction.operations.length)
    if (!this.#isCommitting) this.#group.soon(this.#readyCount >= actionsPerTransaction - 1 && this.#isPackFull())
    return completion
  }

  leave(entry: LedgerEntry, how: 'settled' | 'stopped'): void {
    const slot = this.#order?.find(entry)
    if (slot === undefined || slot.state === 'ready') return
    if (how === 'settled') this.#order?.finish(slot)
    else this.#move(entry, 'aside')
    this.#group.soon(false)
  }

  async flush(): Promise<void> {
    this.#group.now()
    await Promise.allSettled(this.#open)
  }

  #move(entry: LedgerEntry, state: 'running' | 'aside'): void {
    const slot = this.#order?.find(entry)
    if (slot !== undefined && slot.state !== 'done') slot.state = state
  }

  async #openRow(): Promise<ShardOrder<Ready>> {
    const stored = await this.#row.open()
    this.#commitId = stored.commitId
    return (this.#order = new ShardOrder<Ready>(stored))
  }

  #isPackFull(): boolean {
    return this.#next('')?.pack.isFull === true
  }

  #next(commitId: string): { readonly pack: Pack<Ready>; readonly mark: ShardMark } | undefined {
    const pack = new Pack<Ready>(1)
    const mark = this.#order?.next(
      this.#patience,
      ({ entry }, ready) => pack.size < this.#mostRecords && pack.add(ready, ...this.#ownMark(entry, commitId)),
    )
    return mark && { pack, mark }
  }

  #ownMark(entry: LedgerEntry, commitId: string) {
    if (!this.#shard.recurs) return []
    const { tableName, clock, keepMs } = this.#setting
    return [markAction(tableName, entry, { consumer: this.#shard.consumer, commitId, now: clock.now(), keepMs })]
  }

  /** Commits what may be committed, one pack after the other: each names the one before it. */
  async #commitAll(): Promise<void> {
    if (this.#isCommitting) return
    this.#isCommitting = true
    const { random, clock } = this.#setting
    try {
      while (this.#ended === undefined) {
        const commitId = random.id()
        const next = this.#next(commitId)
        if (next === undefined) break
        const passed = await this.#commit(next.pack, next.mark, commitId)
        if (this.#tries > 0) await clock.sleep(retryDelayMs(commitRetry, this.#tries, random))
        // Lanes that were waiting for this go on now, and what they make ready goes along with what waits.
        else if (passed && !this.#isPackFull()) break
      }
    } catch (error) {
      this.#end(error)
    }
    this.#isCommitting = false
    if (this.#ended === undefined && this.#next('') !== undefined) this.#group.soon(false)
  }

  /** Commits one pack and settles what it told; true when it was applied. */
  async #commit(pack: Pack<Ready>, mark: ShardMark, commitId: string): Promise<boolean> {
    this.#readyCount = 0
    const link = this.#row.advance(this.#commitId, commitId, mark)
    const { requests } = this.#setting
    const outcome = await commit((request) => requests.sendOnce(request), pack.actions(link), commitId)
    if (outcome.status === 'applied') {
      this.#tries = 0
      this.#mostRecords *= 2
      this.#adopt({ ...mark, commitId })
      return true
    }
    await this.#afterFailure(pack, outcome)
    return false
  }

  async #afterFailure(pack: Pack<Ready>, outcome: Exclude<CommitOutcome, { status: 'applied' }>): Promise<void> {
    switch (outcome.status) {
      case 'cancelled':
        return this.#afterRefusals(pack, outcome.reasons)
      case 'invalid':
        return this.#afterInvalid(pack, outcome.error)
      case 'busy':
        return this.#tryAgain(outcome.error)
      case 'unknown':
        if (!(await this.#adoptRow())) this.#tryAgain(outcome.error)
        return undefined
    }
  }

  /** @throws when it was tried often enough. */
  #tryAgain(error: unknown): void {
    this.#tries += 1
    if (this.#tries >= commitRetry.maxAttempts) throw notCommitted(this.#tries, error)
  }

  /**
   * Learns how an earlier commit came out, and makes sure that it can't come out otherwise later: a link is put behind what
   * the row has, so that whatever is still under way names one that is gone. True when something turned out to be done.
   */
  async #adoptRow(): Promise<boolean> {
    const hasMoved = this.#adopt(await this.#row.open())
    if (hasMoved) this.#tries = 0
    return hasMoved
  }

  #adopt(stored: StoredMark): boolean {
    this.#commitId = stored.commitId
    const committed = this.#order?.adopt(stored) ?? []
    for (const { ready } of committed) ready.settle({ status: 'completed' })
    return committed.length > 0
  }

  async #afterRefusals(pack: Pack<Ready>, reasons: readonly Reason[]): Promise<void> {
    const refusals = pack.refusals(reasons)
    const isChainBroken = refusals.some(({ of, reason }) => of === 'shard' && reason.code === 'ConditionalCheckFailed')
    if (isChainBroken && (await this.#adoptAfterRefusal())) return
    for (const refusal of refusals) if (refusal.of === 'mark') this.#duplicate(refusal)
    if (refusals.some(({ reason }) => passes(reason))) return this.#afterConflict(pack, refusals)
    for (const refusal of refusals) if (refusal.of === 'operation') this.#refuse(refusal)
    if (refusals.every(({ of }) => of === 'shard'))
      this.#tryAgain(new Error(`the shard's mark was refused: ${reasons[0]?.code}`))
  }

  /** By a late repetition of an opening of ours; or the shard is another's, and this throws that. */
  async #adoptAfterRefusal(): Promise<boolean> {
    try {
      return await this.#adoptRow()
    } catch (error) {
      if (isTidemarkError(error, 'ERR_LEASE_LOST')) tellRefusedCommit(this.#shard)
      throw error
    }
  }

  #duplicate({ record, reason }: Refusal<Ready> & { readonly of: 'mark' }): void {
    if (reason.code !== 'ConditionalCheckFailed') return
    this.#order?.finish(record.slot)
    record.settle({ status: 'duplicate' })
  }

  #refuse({ record, operation, reason }: Refusal<Ready> & { readonly of: 'operation' }): void {
    this.#setAside(record, refusalError(operation, reason, this.#setting.numbers))
  }

  #setAside({ slot, settle }: Ready, error: unknown): void {
    slot.state = 'aside'
    slot.ready = undefined
    settle({ status: 'refused', error })
  }

  #afterConflict(pack: Pack<Ready>, refusals: readonly Refusal<Ready>[]): void {
    this.#mostRecords = Math.max(1, Math.floor(pack.size / 2))
    const codes = [...new Set(refusals.map(({ reason }) => reason.code))].join(', ')
    this.#tryAgain(new Error(`the transaction was cancelled for ${codes}`))
  }

  #afterInvalid(pack: Pack<Ready>, error: unknown): void {
    this.#mostRecords = 1
    const [first] = pack.records
    if (pack.size === 1 && first !== undefined) this.#setAside(first, refusedAlone(error, first.transaction))
  }

  #end(error: unknown): void {
    this.#ended ??= { error }
    this.#group.stop()
    for (const ready of this.#order?.allReady() ?? []) ready.reject(error)
  }
}

/** A page of a shard. */
class ShardSession implements LedgerSession<DynamoDBTransaction> {
  readonly laneWaits = true
  readonly #shard: TransactionShard
  readonly #completed: Set<string>
  readonly #attempts = new Map<LedgerEntry, SealedTransaction>()

  constructor(shard: TransactionShard, completed: Set<string>) {
    this.#shard = shard
    this.#completed = completed
  }

  claim(entry: LedgerEntry): ClaimOutcome {
    return this.#shard.claim(entry, this.#completed)
  }

  async attempt(claim: Claim, run: (transaction: DynamoDBTransaction) => unknown): Promise<void> {
    this.#attempts.set(claim.entry, await this.#shard.attempt(claim, run))
  }

  complete(claim: Claim): Promise<Completion> {
    const transaction = this.#attempts.get(claim.entry) ?? { operations: [], bytes: 0 }
    this.#attempts.delete(claim.entry)
    const completion = this.#shard.complete(claim, transaction)
    // Another record of the page may be the same change.
    const note = ({ status }: Completion) => status !== 'refused' && this.#completed.add(claim.entry.idempotencyKey)
    completion.then(note, () => {}) // whoever completed it is told
    return completion
  }

  release({ entry }: Claim): void {
    this.leave(entry, 'stopped')
  }

  leave(entry: LedgerEntry, how: 'settled' | 'stopped'): void {
    this.#shard.leave(entry, how)
  }

  flush(): Promise<void> {
    return this.#shard.flush()
  }

  close(): void {
    // What is still open is the shard's: its end rejects it.
  }
}
