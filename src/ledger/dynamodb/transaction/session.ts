import { DeadlineError } from '../../../errors.ts'
import { retryDelayMs } from '../../../handler/retry-policy.ts'
import { RecordTransaction, type DynamoDBTransaction, type SealedTransaction } from './transaction.ts'
import { commit, passes, type Reason } from './commit.ts'
import { markAction, readCommitId } from './marks.ts'
import { Pack, refusalError, refusedAlone, type Refusal } from './pack.ts'
import { GroupCommit } from './group.ts'
import { withParked } from './parked.ts'
import { commitRetry, notCommitted, type TransactionSetting } from './setting.ts'
import type { Claim, ClaimOutcome, Completion, LedgerBatch, LedgerEntry, LedgerSession } from '../../ledger.ts'

/** AWS's 100 actions, less the record's own mark. */
const maxOperations = 99

/** A record whose handler has succeeded, until it is known how its transaction came out. */
interface Waiting {
  readonly entry: LedgerEntry
  readonly transaction: SealedTransaction
  readonly settle: (completion: Completion) => void
  readonly reject: (error: unknown) => void
  /** Commits that were tried. */
  tries: number
  /** To be committed in a transaction of its own: one with others was refused, and nobody said because of which. */
  isAlone: boolean
  /** An earlier commit of it may have been applied, or may be yet. */
  isInDoubt: boolean
}

/**
 * One batch without a shard (Lambda): a mark a record, in the transaction that has its effects.
 *
 *     ready ── a pack goes ──▶ sent ── applied ──────────────────────────▶ completed
 *       ▲                       │ ──── its mark exists ──────────────────▶ completed, if by a commit of ours; else duplicate
 *       │                       │ ──── its own operation is refused ─────▶ refused
 *       └── the others of it, ──┤
 *           a conflict          └──── no answer: a mark of it is read ───▶ completed, or ready again
 *
 * A commit that was given up can still land. Its marks refuse any later one of the same records, and say whose they are; so
 * the worst that comes of it is that a later attempt's transaction is dropped for the earlier one's.
 */
export class TransactionSession implements LedgerSession<DynamoDBTransaction> {
  readonly laneWaits = true
  readonly #batch: LedgerBatch
  readonly #completed: Set<string>
  readonly #setting: TransactionSetting
  readonly #attempts = new Map<string, SealedTransaction>()
  readonly #ready: Waiting[] = []
  readonly #open = new Set<Promise<unknown>>()
  // Items of packs under way: what touches one of them waits, for two at once would only be in each other's way.
  readonly #busyItems = new Set<string>()
  readonly #commitIds = new Set<string>()
  readonly #group: GroupCommit
  #isClosed = false

  constructor(batch: LedgerBatch, completed: Set<string>, setting: TransactionSetting) {
    this.#batch = batch
    this.#completed = completed
    this.#setting = setting
    this.#group = new GroupCommit(setting.clock, () => this.#send())
  }

  claim(entry: LedgerEntry): ClaimOutcome {
    if (this.#completed.has(entry.idempotencyKey)) return { status: 'completed' }
    return { status: 'claimed', claim: { entry, token: '' } }
  }

  async attempt({ entry }: Claim, run: (transaction: DynamoDBTransaction) => unknown): Promise<void> {
    const transaction = new RecordTransaction(this.#setting.schemas, maxOperations)
    this.#group.begin()
    try {
      await run(transaction)
      const sealed = await transaction.seal()
      this.#attempts.set(entry.idempotencyKey, await withParked(entry, sealed, this.#setting.clock))
    } finally {
      transaction.discard()
      this.#group.end()
    }
  }

  complete({ entry }: Claim): Promise<Completion> {
    if (this.#completed.has(entry.idempotencyKey)) return Promise.resolve({ status: 'completed' })
    if (this.#isClosed) return Promise.reject(afterAnswer())
    const transaction = this.#attempts.get(entry.idempotencyKey) ?? { operations: [], bytes: 0 }
    this.#attempts.delete(entry.idempotencyKey)
    const completion = new Promise<Completion>((settle, reject) => {
      this.#ready.push({ entry, transaction, settle, reject, tries: 0, isAlone: false, isInDoubt: false })
    })
    this.#open.add(completion)
    const forget = () => void this.#open.delete(completion)
    completion.then(forget, forget)
    this.#group.soon(this.#nextPack('').isFull)
    return completion
  }

  release(): void {
    // Nothing was claimed: a mark is written with the effects, or not at all.
  }

  async flush(): Promise<void> {
    this.#group.now()
    await Promise.allSettled(this.#open)
  }

  close(): void {
    this.#isClosed = true
    this.#group.stop()
    for (const { reject } of this.#ready.splice(0)) reject(afterAnswer())
  }

  #send(): void {
    for (;;) {
      const commitId = this.#setting.random.id()
      const pack = this.#nextPack(commitId)
      if (pack.size === 0) return
      const records = new Set(pack.records)
      this.#ready.splice(0, Infinity, ...this.#ready.filter((waiting) => !records.has(waiting)))
      for (const item of pack.items) this.#busyItems.add(item)
      this.#commitIds.add(commitId)
      void this.#commit(pack, commitId)
    }
  }

  /** The first of what is ready, and whatever of the rest goes with it. Lanes have no order among each other. */
  #nextPack(commitId: string): Pack<Waiting> {
    const pack = new Pack<Waiting>(0)
    for (const waiting of this.#ready) {
      if (pack.isFull) break
      if (waiting.isAlone && pack.size > 0) continue
      if (waiting.transaction.operations.some(({ item }) => this.#busyItems.has(item))) continue
      if (pack.add(waiting, this.#mark(waiting, commitId)) && waiting.isAlone) break
    }
    return pack
  }

  #mark({ entry }: Waiting, commitId: string) {
    const { tableName, clock, keepMs } = this.#setting
    const { consumer } = this.#batch
    return markAction(tableName, entry, { consumer, commitId, now: clock.now(), keepMs })
  }

  async #commit(pack: Pack<Waiting>, commitId: string): Promise<void> {
    const { random, clock } = this.#setting
    let again: readonly Waiting[] = []
    try {
      again = await this.#try(pack, commitId)
      const tries = Math.max(0, ...again.map((waiting) => waiting.tries))
      if (tries > 0) await clock.sleep(retryDelayMs(commitRetry, tries, random))
    } catch (error) {
      for (const { reject } of pack.records) reject(error)
    }
    for (const item of pack.items) this.#busyItems.delete(item)
    if (this.#isClosed) for (const { reject } of again) reject(afterAnswer())
    else this.#ready.unshift(...again)
    this.#send()
  }

  /** Commits the pack, settles what can be settled, and returns what has to be committed again. */
  async #try(pack: Pack<Waiting>, commitId: string): Promise<readonly Waiting[]> {
    const { requests } = this.#setting
    for (const waiting of pack.records) waiting.tries += 1
    const outcome = await commit((request) => requests.sendOnce(request), pack.actions(), commitId)
    switch (outcome.status) {
      case 'applied':
        for (const waiting of pack.records) this.#completedBy(waiting, commitId)
        return []
      case 'cancelled':
        return this.#afterRefusals(pack, outcome.reasons)
      case 'invalid':
        return this.#afterInvalid(pack, outcome.error)
      case 'busy':
        return this.#again(pack.records, outcome.error)
      case 'unknown':
        return this.#afterSilence(pack, commitId, outcome.error)
    }
  }

  #completedBy({ entry, settle }: Waiting, commitId: string | undefined): void {
    this.#completed.add(entry.idempotencyKey)
    // Of another delivery, or of an earlier attempt of this one whose commit was given up: the effect happened once.
    const isOurs = commitId !== undefined && this.#commitIds.has(commitId)
    settle({ status: isOurs ? 'completed' : 'duplicate' })
  }

  async #afterRefusals(pack: Pack<Waiting>, reasons: readonly Reason[]): Promise<readonly Waiting[]> {
    const refusals = pack.refusals(reasons)
    const left = new Set(pack.records)
    for (const refusal of refusals) {
      if (refusal.of !== 'mark' || refusal.reason.code !== 'ConditionalCheckFailed' || !left.delete(refusal.record))
        continue
      this.#completedBy(refusal.record, refusal.reason.item?.['commitId']?.S)
    }
    const passing = refusals.filter(({ reason }) => passes(reason))
    // Beside a conflict a condition may look false only for as long as the other transaction runs: that is judged again.
    if (passing.length > 0) return this.#afterConflicts(left, passing)
    for (const refusal of refusals) if (refusal.of === 'operation') await this.#refuse(refusal, left)
    // Those that were not the cause have lost nothing but a request.
    for (const waiting of left) waiting.tries -= 1
    return [...left]
  }

  async #refuse(
    { record, operation, reason }: Refusal<Waiting> & { readonly of: 'operation' },
    left: Set<Waiting>,
  ): Promise<void> {
    if (!left.delete(record)) return
    // An earlier commit of it that was given up may have made the condition false itself.
    if (record.isInDoubt && (await this.#isApplied(record))) return
    record.settle({ status: 'refused', error: refusalError(operation, reason, this.#setting.numbers) })
  }

  #afterConflicts(left: ReadonlySet<Waiting>, passing: readonly Refusal<Waiting>[]): readonly Waiting[] {
    const met = new Set(passing.map((refusal) => (refusal.of === 'shard' ? undefined : refusal.record)))
    for (const waiting of left) waiting.isAlone = met.has(waiting) && waiting.tries > 1
    const codes = [...new Set(passing.map(({ reason }) => reason.code))].join(', ')
    const error = new Error(`the transaction was cancelled for ${codes}`)
    const tired = [...left].filter(isTired)
    for (const { settle, tries } of tired) settle({ status: 'refused', error: notCommitted(tries, error) })
    return [...left].filter((waiting) => !isTired(waiting))
  }

  #afterInvalid(pack: Pack<Waiting>, error: unknown): readonly Waiting[] {
    const [first, ...others] = pack.records
    if (others.length > 0) {
      for (const waiting of pack.records) Object.assign(waiting, { isAlone: true, tries: waiting.tries - 1 })
      return pack.records
    }
    if (first !== undefined) first.settle({ status: 'refused', error: refusedAlone(error, first.transaction) })
    return []
  }

  /** Whether a transaction was applied is read from a mark of it: all or none of it is there. */
  async #afterSilence(pack: Pack<Waiting>, commitId: string, error: unknown): Promise<readonly Waiting[]> {
    const [first] = pack.records
    if (first === undefined) return []
    for (const waiting of pack.records) waiting.isInDoubt = true
    const { requests, clock } = this.#setting
    const found = await readCommitId(requests, this.#batch.consumer, first.entry, clock.now())
    if (found?.commitId !== commitId) return this.#again(pack.records, error)
    for (const waiting of pack.records) this.#completedBy(waiting, commitId)
    return []
  }

  async #isApplied(waiting: Waiting): Promise<boolean> {
    const { requests, clock } = this.#setting
    const found = await readCommitId(requests, this.#batch.consumer, waiting.entry, clock.now())
    if (found !== undefined) this.#completedBy(waiting, found.commitId)
    return found !== undefined
  }

  #again(records: readonly Waiting[], error: unknown): readonly Waiting[] {
    const [tired, fresh] = [records.filter(isTired), records.filter((waiting) => !isTired(waiting))]
    for (const { reject, tries } of tired) reject(notCommitted(tries, error))
    return fresh
  }
}

function isTired({ tries }: Waiting): boolean {
  return tries >= commitRetry.maxAttempts
}

function afterAnswer(): DeadlineError {
  return new DeadlineError('its transaction was not committed when the host was answered; the record comes again')
}
