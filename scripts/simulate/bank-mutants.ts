import type { Mutant, Patch } from './mutants.ts'

function mutant(name: string, scenario: string, within: number, ...patches: readonly Patch[]): Mutant {
  return { name, scenario, within, patches }
}

const session = 'src/ledger/dynamodb/transaction/session.ts'
const row = 'src/ledger/dynamodb/transaction/shard-row.ts'
const commitEffects = 'src/ledger/postgres/commit-effects.ts'
const inDynamoDB: readonly Mutant[] = [
  mutant(
    'a mark is written behind the transaction that has its effects',
    'transactions',
    300,
    {
      file: session,
      find: `pack.add(waiting, this.#mark(waiting, commitId))`,
      replace: `pack.add(waiting)`,
    },
    {
      file: session,
      find: `      case 'applied':
`,
      replace: `      case 'applied':
        await requests.write(pack.records.map((waiting) => this.#mark(waiting, commitId).Put?.Item ?? {}))
`,
    },
  ),
  mutant('a commit in a worker asks for no epoch, and for nothing before it', 'workers-transactions', 1_000, {
    file: row,
    find: `'#epoch = :epoch AND #commitId = :previous AND #openings = :openings'`,
    replace: `'attribute_exists(#epoch) OR #epoch = :epoch OR #commitId = :previous OR #openings = :openings'`,
  }),
  mutant('openings of a shard\u2019s row are not counted', 'workers-transactions-late', 5_000, {
    file: row,
    find: `'#epoch = :epoch AND #commitId = :previous AND #openings = :openings'`,
    replace: `'#epoch = :epoch AND #commitId = :previous AND (attribute_exists(#openings) OR #openings = :openings)'`,
  }),
  mutant(
    'a pack commits past a record that is not ready, and its mark knows of none',
    'workers-transactions',
    300,
    {
      file: 'src/ledger/shard-order.ts',
      find: `      if (!wasPassed && isAwaited) break\n`,
      replace: `      if (!wasPassed && isAwaited) continue\n`,
    },
    {
      file: 'src/ledger/shard-order.ts',
      find: `if (!isBehind(slot, holes)) holes.set(slot.lane, slot.at)`,
      replace: `void slot`,
    },
  ),
  mutant('a lane goes on before its commit, and packs overtake each other', 'transactions', 1_000, {
    file: session,
    find: `  readonly laneWaits = true\n`,
    replace: `  readonly laneWaits = false\n`,
  }),
  mutant('a duplicate is told by what the refusal of its whole pack says', 'transactions', 500, {
    file: session,
    find: `    const refusals = pack.refusals(reasons)
    const left = new Set(pack.records)
`,
    replace: `    const duplicate = { code: 'ConditionalCheckFailed', message: '', item: undefined }
    const refusals: Refusal<Waiting>[] = reasons.some(({ code }) => code === duplicate.code)
      ? pack.records.map((record) => ({ of: 'mark', record, reason: duplicate }))
      : pack.refusals(reasons)
    const left = new Set(pack.records)
`,
  }),
  mutant('a commit that is not answered is taken for applied', 'transactions', 300, {
    file: session,
    find: `    if (found?.commitId !== commitId) return this.#again(pack.records, error)\n`,
    replace: `    if (found === null) return this.#again(pack.records, error)\n`,
  }),
  mutant('a commit that is not answered is repeated, and the shard\u2019s mark not read', 'workers-transactions', 300, {
    file: 'src/ledger/dynamodb/transaction/chain.ts',
    find: `    const committed = this.#adopt(await this.#row.open())\n`,
    replace: `    this.#commitId = (await this.#row.open()).commitId
    const committed: Ready[] = []\n`,
  }),
]

const inPostgres: readonly Mutant[] = [
  mutant('marks commit in a transaction of their own', 'postgres', 300, {
    file: 'src/ledger/postgres/mark-keeper.ts',
    find: `    const there = await transaction.writeMarks({ consumer, entries, writer: this.#writer, now, forgetBefore })\n`,
    replace: `    const { opened } = await this.#setting.store.begin(undefined, { idleMs: 60_000, endMs: 0 })
    const there = await opened.writeMarks({ consumer, entries, writer: this.#writer, now, forgetBefore })
    await opened.commit()\n`,
  }),
  {
    name: 'nobody ends what waits for a lock when its invocation is over',
    scenario: 'postgres-hot',
    within: 100,
    restless: true,
    patches: [
      {
        file: 'src/ledger/postgres/mark-keeper.ts',
        find: `{ idleMs: Math.min(idleTimeoutMs, leftMs), endMs: leftMs }`,
        replace: `{ idleMs: idleTimeoutMs, endMs: 0 * leftMs }`,
      },
      {
        file: 'src/ledger/postgres/shared-transaction.ts',
        find: `    await this.#setting.store.interrupt(open.name)`,
        replace: `    await Promise.resolve()`,
      },
    ],
  },
  mutant('a record that stands still is no hole in the mark', 'workers-postgres', 300, {
    file: 'src/ledger/postgres/shard-mark.ts',
    find: `if (place <= through && !numbers.has(number)) holes.push(place)`,
    replace: `if (place > through && numbers.has(number)) holes.push(place)`,
  }),
  mutant('behind a refused COMMIT a lane goes on with what it has begun', 'postgres-refused', 500, {
    file: 'src/ledger/postgres/effect-log.ts',
    find: `return refused === undefined || refused.eventId === eventId ? undefined : left(refused.error)`,
    replace: `return refused === undefined || eventId !== '' ? undefined : left(refused.error)`,
  }),
  mutant('one duplicate makes duplicates of all that share its transaction', 'postgres-hot', 200, {
    file: commitEffects,
    find: `  const isThere = ({ entry }: Done<Transaction>) => there.has(entry.idempotencyKey)\n`,
    replace: `  const isThere = (_done: Done<Transaction>) => there.size > 0\n`,
  }),
  mutant('a COMMIT that is not answered is run again, and no mark read', 'workers-postgres', 300, {
    file: commitEffects,
    find: `    if (!(await isCommitted(log, transaction, entries))) return 'again'\n`,
    replace: `    if (entries.length > 0) return 'again'\n    await isCommitted(log, transaction, entries)\n`,
  }),
  mutant('a COMMIT that is not answered is taken for applied', 'postgres', 300, {
    file: commitEffects,
    find: `    if (!(await isCommitted(log, transaction, entries))) return 'again'\n`,
    replace: `    if (entries.length === 0) return 'again'\n`,
  }),
  mutant('marks are read while the COMMIT may still arrive', 'workers-postgres', 2_000, {
    file: commitEffects,
    find: `    await store.settle(name)\n`,
    replace: `    void name\n    void store\n`,
  }),
]

/** Bugs of ledgers whose effects commit with their marks. */
export const bankMutants: readonly Mutant[] = [...inDynamoDB, ...inPostgres]
