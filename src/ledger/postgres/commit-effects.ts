import { isTidemarkError, LedgerError } from '../../errors.ts'
import type { Completion, LedgerEntry } from '../ledger.ts'
import { left, maxRepeats, type Done, type EffectLog } from './effect-log.ts'
import { isAbortedBefore, isConflict, isPassing, isRefusal } from './sql-state.ts'
import { storeError } from './store-error.ts'
import type { StoreTransaction } from './store.ts'

/** `refused`: what was done is not, and whoever did it is told. `conflict` and `again`: it is to be run again. */
type CommitEnd = 'committed' | 'refused' | 'conflict' | 'again'

const completed: Completion = { status: 'completed' }
const duplicate: Completion = { status: 'duplicate' }

// About ten seconds in all. Whoever waits for less than that has a deadline of its own and does not wait for us.
const maxReadAttempts = 9

/**
 * Commits what was done with its marks, and tells whoever waits for it. Never rejects.
 *
 *     marks written ──▶ COMMIT ──▶ committed
 *        │                │ └──── its answer was lost: the transaction is brought to its end, and the marks read
 *        │                └────── refused for what is in it
 *        ├── some were there: those are duplicates, and all is rolled back and the others run again
 *        └── a conflict: rolled back and run again
 */
export async function commitEffects<Transaction>(log: EffectLog<Transaction>): Promise<void> {
  try {
    for (let round = 1; log.done.length > 0; round += 1) {
      const end = await tryCommit(log)
      if (end === 'committed') {
        log.setting.size.committed(log.done.length)
        return settle(log.done.splice(0), completed)
      }
      if (end === 'refused') return
      if (round >= maxRepeats) throw new LedgerError('conflict after conflict at the commit', { retryable: true })
      await log.repeat(end === 'conflict' ? round : 0)
    }
  } catch (error) {
    log.fail(storeError(error, 'committing'))
  }
}

async function tryCommit<Transaction>(log: EffectLog<Transaction>): Promise<CommitEnd> {
  log.assertOpen()
  const { open } = log
  if (open === undefined) return 'again'
  const entries = log.done.map(({ entry }) => entry)
  try {
    const there = await log.setting.marks.write(open, entries)
    log.assertOpen()
    if (there.size > 0) return dropDuplicates(log, there)
  } catch (error) {
    if (isAbortedBefore(error)) return 'again'
    if (isTidemarkError(error) || !isPassing(error)) throw error
    if (isConflict(error)) log.setting.size.conflicted()
    return 'conflict'
  }
  return commitMarked(log, open, entries)
}

async function commitMarked<Transaction>(
  log: EffectLog<Transaction>,
  transaction: StoreTransaction<Transaction>,
  entries: readonly LedgerEntry[],
): Promise<CommitEnd> {
  // From here on it is not ours to end: `close` finds no open transaction, and leaves what is done to the outcome.
  log.open = undefined
  log.isCommitting = true
  try {
    await transaction.commit()
  } catch (error) {
    if (isConflict(error)) {
      log.setting.size.conflicted()
      return 'conflict'
    }
    if (isRefusal(error)) {
      log.isCommitting = false
      return await refused(log, error)
    }
    // It may have been committed. To run it again without asking would be to commit it twice.
    if (!(await isCommitted(log, transaction, entries))) return 'again'
  } finally {
    log.isCommitting = false
  }
  log.setting.marks.committed(entries)
  return 'committed'
}

function isCommitted<Transaction>(
  log: EffectLog<Transaction>,
  { name }: StoreTransaction<Transaction>,
  entries: readonly LedgerEntry[],
): Promise<boolean> {
  const { store, marks } = log.setting
  return log.patiently(maxReadAttempts, 'reading how a COMMIT came out whose answer was lost', async () => {
    await store.settle(name)
    return marks.isCommitted(entries)
  })
}

/** Somebody else has committed them meanwhile. Their effects are in this transaction too, so all of it is begun anew. */
function dropDuplicates<Transaction>(log: EffectLog<Transaction>, there: ReadonlySet<string>): 'again' {
  const isThere = ({ entry }: Done<Transaction>) => there.has(entry.idempotencyKey)
  settle(log.done.filter(isThere), duplicate)
  log.done = log.done.filter((done) => !isThere(done))
  return 'again'
}

/**
 * The store refused the commit for what is in it, and does not say for what of it: so each is run again and committed alone,
 * and whoever is refused then runs alone from now on.
 */
async function refused<Transaction>(log: EffectLog<Transaction>, error: unknown): Promise<'refused'> {
  const all = log.done.splice(0)
  const [only, ...others] = all
  if (only !== undefined && others.length === 0) {
    // A suspect's lane waits for how this comes out; any other has gone on.
    if (!log.isSuspect(only.entry)) log.refusedIn.set(only.entry.laneKey, { eventId: only.entry.eventId, error })
    log.setting.suspects.add(only.entry.idempotencyKey)
    only.resolve({ status: 'refused', error })
    return 'refused'
  }
  for (const done of all) {
    // What came after it in its lane was done upon it.
    if (log.refusedIn.has(done.entry.laneKey) || log.closed !== undefined) done.reject(left(error))
    else await commitAlone(log, done)
  }
  return 'refused'
}

async function commitAlone<Transaction>(log: EffectLog<Transaction>, done: Done<Transaction>): Promise<void> {
  log.done = [done]
  await log.repeat(0).catch(() => {}) // then it is told, and nothing is left to commit
  await commitEffects(log)
}

function settle<Transaction>(settled: readonly Done<Transaction>[], completion: Completion): void {
  for (const { resolve } of settled) resolve(completion)
}
