const own = ['transfer committed', 'account frozen', 'transaction met another', 'stream replayed'] as const

/** What only a world with a bank has. */
export type BankMark = (typeof own)[number]

// What claims have, and a person who is asked about them; effects that are repeated; a ledger that takes batches alone.
const elsewhere: ReadonlySet<string> = new Set([
  ...['claim held by another', 'claim uncertain', 'claim found to be ours', 'operator decides', 'effect repeated'],
  ...['lease of an old epoch refused an effect', 'effect of a worker that had lost its lease'],
])

/** What has to happen now and then in worlds with a bank. */
export function bankMarks(marks: readonly string[]): readonly string[] {
  return [...marks.filter((mark) => !elsewhere.has(mark)), ...own]
}
