import type { WireMark } from '../postgres/pool.ts'
import type { PostgresMark } from '../postgres/postgres-server.ts'
import type { CommittingLedger } from '../profile.ts'

const own = ['transfer committed', 'account frozen', 'stream replayed'] as const

const ofPostgres = [
  ...['server crashed', 'deadlock', 'serialization failure', 'lock waited for', 'backend ended'],
  ...['COMMIT never arrived', 'COMMIT applied and not answered', 'COMMIT arrived late', 'connection broken'],
] as const satisfies readonly (PostgresMark | WireMark)[]

// A worker's time has no end, and it hardly ever gives up a shard while a handler waits for a lock.
const ofPostgresIn = {
  lambda: ['statement timed out', 'transaction timed out', 'backend interrupted'],
  worker: ['lock timed out'],
} as const satisfies Record<string, readonly PostgresMark[]>

/** What only a world with a bank has. */
export type BankMark = (typeof own)[number] | 'transaction met another' | PostgresMark | WireMark

// What claims have, and a person who is asked about them; effects that are repeated; a ledger that takes batches alone.
const elsewhere: ReadonlySet<string> = new Set([
  ...['claim held by another', 'claim uncertain', 'claim found to be ours', 'operator decides', 'effect repeated'],
  ...['lease of an old epoch refused an effect', 'effect of a worker that had lost its lease'],
  // A start at LATEST is left to other worlds.
  'record before LATEST',
])

const ofRequests: ReadonlySet<string> = new Set(['items left over', 'late arrival of a dead actor'])

/** What has to happen now and then in worlds with a bank. */
export function bankMarks(
  marks: readonly string[],
  ledger: CommittingLedger,
  host: 'lambda' | 'worker',
): readonly string[] {
  const ofStore = ledger === 'postgres' ? [...ofPostgres, ...ofPostgresIn[host]] : ['transaction met another']
  // What Lambda sends to DynamoDB then is nothing at all.
  const isSent = (mark: string) => ledger !== 'postgres' || !ofRequests.has(mark)
  return [...marks.filter((mark) => !elsewhere.has(mark) && isSent(mark)), ...own, ...ofStore]
}
