import { isTidemarkError } from '../../../errors.ts'
import { retryDelayMs } from '../../../handler/retry-policy.ts'
import { actionsPerTransaction } from './transaction.ts'
import { commit, passes, type CommitOutcome, type Reason } from './commit.ts'
import { markAction } from './marks.ts'
import type { Ready } from './ready.ts'
import { Pack, refusalError, refusedAlone, type Refusal } from './pack.ts'
import { commitRetry, notCommitted, type TransactionSetting } from './setting.ts'
import { tellRefusedCommit } from '../../refused-commit.ts'
import { ShardRow, type StoredMark } from './shard-row.ts'
import type { LedgerEntry, LedgerShard } from '../../ledger.ts'
import { ShardOrder, type Patience, type ShardMark, type Slot } from '../../shard-order.ts'

/** A pack on its way. */
interface Link {
  readonly pack: Pack<Ready>
  readonly mark: ShardMark
  readonly commitId: string
  readonly outcome: Promise<CommitOutcome>
}

// Of what can be committed at once: the pack on its way, and the next one.
const enoughReady = 2 * actionsPerTransaction

/**
 * The commits of a shard, one behind the other: each writes the shard's mark together with the effects of a pack, on the
 * condition that the mark is as the one before has left it.
 *
 *     unopened ── the row is made ours ──▶ idle ⇄ committing ── can't tell, or the shard is another's ──▶ ended
 *                                           └──────────────────── end ──────────────────────────────────▶ ended
 *
 * After each commit of which the outcome is not plain, the row is opened again, and what it says is adopted: which records have
 * taken effect is never concluded from anything else. Whatever was sent before names a link of the row's chain that is gone by
 * then. Were it merely read, the commit could still land: after its record was refused, parked and redriven.
 *
 * There is never more than one under way. A second one would name what the first has not written yet; DynamoDB gives no order
 * to two transactions on one row, and refuses one of them. So the time between an answer and the next request is lost to all,
 * and as little as possible is done in it.
 */
export class CommitChain {
  /** Whom the next commit waits for. */
  patience: Patience = 'for-all'
  readonly #shard: LedgerShard
  readonly #setting: TransactionSetting
  readonly #row: ShardRow
  readonly #onLeft: () => void
  #order: ShardOrder<Ready> | undefined
  #commitId = ''
  #isCommitting = false
  // Found since the last answer: it stays so until the next one, and it is asked for with each record.
  #wasBehind = false
  // Fewer records a pack after a conflict, or after a pack was refused as a whole; more again after each that was applied.
  #mostRecords = Infinity
  #tries = 0
  #ended: { readonly error: unknown } | undefined

  /** @param onLeft Told when something is ready that was not committed along. */
  constructor(shard: LedgerShard, setting: TransactionSetting, onLeft: () => void) {
    this.#shard = shard
    this.#setting = setting
    this.#row = new ShardRow(shard, setting)
    this.#onLeft = onLeft
  }

  /** Makes the row this owner's. Once. */
  async open(): Promise<ShardOrder<Ready>> {
    const stored = await this.#row.open()
    this.#commitId = stored.commitId
    return (this.#order = new ShardOrder<Ready>(stored))
  }

  /** Why nothing more is committed. */
  get ended(): { readonly error: unknown } | undefined {
    return this.#ended
  }

  get isCommitting(): boolean {
    return this.#isCommitting
  }

  /** Whether what may be committed now fills a transaction. */
  get isPackFull(): boolean {
    return this.#plan('')?.pack.isFull === true
  }

  /** Whether so much may be committed, with what is under way, that the next commits are full whatever comes. */
  get isBehind(): boolean {
    if (this.#wasBehind) return true
    let count = 0
    const isMore = (_slot: Slot<Ready>, { transaction }: Ready) =>
      (count += Math.max(1, transaction.operations.length)) < enoughReady
    this.#order?.next(this.patience, isMore)
    return (this.#wasBehind = count >= enoughReady)
  }

  /** Commits what may be committed, one pack after the other: each names the one before it. */
  async commitAll(): Promise<void> {
    if (this.#isCommitting) return
    this.#isCommitting = true
    try {
      let link = this.#send(() => true)
      while (link !== undefined) link = await this.#after(link)
    } catch (error) {
      this.end(error)
    }
    this.#isCommitting = false
    if (this.#ended === undefined && this.#plan('') !== undefined) this.#onLeft()
  }

  end(error: unknown): void {
    this.#ended ??= { error }
    for (const ready of this.#order?.allReady() ?? []) ready.reject(error)
  }

  #plan(commitId: string): { readonly pack: Pack<Ready>; readonly mark: ShardMark } | undefined {
    const pack = new Pack<Ready>(1)
    const mark = this.#order?.next(
      this.patience,
      ({ entry }, ready) => pack.size < this.#mostRecords && pack.add(ready, ...this.#ownMark(entry, commitId)),
    )
    return mark && { pack, mark }
  }

  #ownMark(entry: LedgerEntry, commitId: string) {
    if (!this.#shard.recurs) return []
    const { tableName, clock, keepMs } = this.#setting
    return [markAction(tableName, entry, { consumer: this.#shard.consumer, commitId, now: clock.now(), keepMs })]
  }

  #send(isWanted: (pack: Pack<Ready>) => boolean): Link | undefined {
    if (this.#ended !== undefined) return undefined
    const { random, requests } = this.#setting
    const commitId = random.id()
    const planned = this.#plan(commitId)
    if (planned === undefined || !isWanted(planned.pack)) return undefined
    const actions = planned.pack.actions(this.#row.advance(this.#commitId, commitId, planned.mark))
    return { ...planned, commitId, outcome: commit((request) => requests.sendOnce(request), actions, commitId) }
  }

  /** Waits for how a link comes out, settles what that told, and sends the next one. */
  async #after(link: Link): Promise<Link | undefined> {
    const outcome = await link.outcome
    this.#wasBehind = false
    if (outcome.status === 'applied') return this.#afterApplied(link)
    await this.#afterFailure(link.pack, outcome)
    const { clock, random } = this.#setting
    if (this.#tries > 0) await clock.sleep(retryDelayMs(commitRetry, this.#tries, random))
    return this.#send(() => true)
  }

  async #afterApplied({ mark, commitId }: Link): Promise<Link | undefined> {
    this.#tries = 0
    this.#mostRecords *= 2
    const committed = this.#adopt({ ...mark, commitId })
    const next = this.#send((pack) => pack.isFull)
    // First the request, then the lanes that waited for this answer: they have a pack's worth of work to do, and that is done
    // while the request is on its way. When none is, what they make ready goes along with what is.
    if (next !== undefined) await this.#turn()
    settle(committed)
    return next
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
    const committed = this.#adopt(await this.#row.open())
    settle(committed)
    if (committed.length > 0) this.#tries = 0
    return committed.length > 0
  }

  #adopt(stored: StoredMark): readonly Ready[] {
    this.#commitId = stored.commitId
    return this.#order?.adopt(stored) ?? []
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

  #setAside(ready: Ready, error: unknown): void {
    ready.slot.state = 'aside'
    ready.slot.ready = undefined
    ready.settle({ status: 'refused', error })
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

  /** The next turn of the event loop. */
  #turn(): Promise<void> {
    return new Promise((resolve) => void this.#setting.clock.schedule(0, resolve))
  }
}

function settle(committed: readonly Ready[]): void {
  for (const ready of committed) ready.settle({ status: 'completed' })
}
