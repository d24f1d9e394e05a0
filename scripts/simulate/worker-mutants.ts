import type { Mutant } from './mutants.ts'

function mutant(name: string, scenario: string, within: number, file: string, find: string, replace: string): Mutant {
  return { name, scenario, within, patches: [{ file, find, replace }] }
}

/** Bugs of workers: a clause of their promises each. */
export const workerMutants: readonly Mutant[] = [
  mutant(
    'a child has its lease before its parent is finished',
    'workers',
    500,
    'src/leases/lineage.ts',
    `return isParentDone || !this.#known.has(parentShardId) ? 'TRIM_HORIZON' : undefined`,
    `return isParentDone || this.#known.size >= 0 ? 'TRIM_HORIZON' : undefined`,
  ),
  mutant(
    'a parent without a row counts as finished',
    'workers',
    500,
    'src/leases/lineage.ts',
    `const isParentDone = parentShardId === undefined || this.#passed.has(parentShardId)`,
    `const isParentDone = parentShardId === undefined || !this.#leased.has(parentShardId)`,
  ),
  mutant(
    'a shard is finished before its children have leases',
    'workers',
    300,
    'src/leases/shard-end.ts',
    `  for (const child of children) {
    if (signal.aborted) return 'stopped'
    await leases.create(newLease(lease.streamLabel, child, 'TRIM_HORIZON'))
  }
  if (signal.aborted) return 'stopped'
  const answer = await leases.finish(held)
`,
    `  if (signal.aborted) return 'stopped'
  const answer = await leases.finish(held)
  for (const child of children) await leases.create(newLease(lease.streamLabel, child, 'TRIM_HORIZON'))
`,
  ),
  mutant(
    'a shard is finished before its last records are settled',
    'workers',
    300,
    'src/worker/shard-pass.ts',
    `    while (this.intake.progress.unsettledCount > 0 && !signal.aborted) await this.intake.moved()\n`,
    ``,
  ),
  mutant(
    'the frontier passes a record that is not settled',
    'workers',
    300,
    'src/checkpoint/shard-progress.ts',
    `while (this.#base < this.#next && this.#ring.isSettled(this.#base)) {`,
    `while (this.#base < this.#next && (this.#ring.isSettled(this.#base) || this.#ring.isSettled(this.#base + 1))) {`,
  ),
  mutant(
    'the bits are one off',
    'workers',
    300,
    'src/checkpoint/shard-progress.ts',
    `| (1 << (position & 7))`,
    `| (1 << ((position + 1) & 7))`,
  ),
  mutant(
    'progress is saved whoever has the lease',
    'workers',
    1_000,
    'src/leases/dynamodb/lease-table.ts',
    `const written = await this.#requests.update(key, { ...change, set }, whileHeldBefore(held, revision))`,
    `const anybody = { expression: 'attribute_exists(pk)', names: [] }
    const written = await this.#requests.update(key, { ...change, set }, anybody)`,
  ),
  mutant(
    'progress is saved in any order',
    'workers',
    2_000,
    'src/leases/dynamodb/lease-table.ts',
    `const written = await this.#requests.update(key, { ...change, set }, whileHeldBefore(held, revision))`,
    `const written = await this.#requests.update(key, { ...change, set }, whileHeld(held))`,
  ),
  mutant(
    'the epoch is not raised',
    'workers',
    100,
    'src/leases/dynamodb/lease-table.ts',
    `const next = { id: seen.id, owner, epoch: seen.epoch + 1 }`,
    `const next = { id: seen.id, owner, epoch: seen.epoch }`,
  ),
  mutant(
    'a lease is acquired whatever has happened to it',
    'workers',
    500,
    'src/leases/dynamodb/lease-table.ts',
    `      asSeen(seen),`,
    `      { expression: 'attribute_exists(pk)', names: [] },`,
  ),
  mutant(
    'the right to work is told by the wall clock',
    'workers-clocks',
    2_000,
    'src/internal/elapsed.ts',
    `return now.monotonicMs - since.monotonicMs + (ahead - this.#leastAheadMs)`,
    `return now.wallMs - since.wallMs`,
  ),
  mutant(
    'the right to work is told by the monotonic clock',
    'workers',
    2_000,
    'src/internal/elapsed.ts',
    `return now.monotonicMs - since.monotonicMs + (ahead - this.#leastAheadMs)`,
    `return now.monotonicMs - since.monotonicMs`,
  ),
  mutant(
    'a member is dead after one look without a beat',
    'workers',
    300,
    'src/leases/liveness.ts',
    `    if (sentAtMs - firstShownAtMs < this.leaseDurationOf(row.id)) return false\n`,
    `    if (sentAtMs <= firstShownAtMs) return false\n`,
  ),
  mutant(
    'nobody asks for the right to work before a handler',
    'workers-zombies',
    1_000,
    'src/consumer/flow.ts',
    `    if (this.#host.mayWork()) return\n`,
    `    if (this.#host.mayWork() || this.#pages.size >= 0) return\n`,
  ),
  mutant(
    'a heartbeat counts from its reply',
    'workers-zombies',
    2_000,
    'src/leases/heartbeat.ts',
    `else this.#renew(sentAt)`,
    `else this.#renew(momentOf(this.#options.clock))`,
  ),
  mutant(
    'a shard born later begins at LATEST',
    'workers',
    500,
    'src/leases/shard-end.ts',
    `child, 'TRIM_HORIZON')`,
    `child, 'LATEST')`,
  ),
  mutant(
    'the records of the last page are dropped',
    'workers',
    300,
    'src/source/shard-reader.ts',
    `return last === undefined && this.#isOver ? end :`,
    `return this.#isOver ? end :`,
  ),
  mutant(
    'an expired iterator is opened again at LATEST',
    'workers',
    500,
    'src/source/shard-reader.ts',
    `      this.#position = { type: 'TRIM_HORIZON' }
      this.#isBehindLatest = false
    }`,
    `      this.#isBehindLatest = false
    }
    this.#position = { type: 'LATEST' }`,
  ),
  mutant(
    'the second owner begins at LATEST again',
    'workers-latest',
    2_000,
    'src/worker/read-start.ts',
    `isFirstRead && lease.epoch === 1`,
    `isFirstRead`,
  ),
  mutant(
    'a lease is given up without its checkpoint',
    'workers',
    300,
    'src/worker/shard-run.ts',
    `const news = intake !== undefined && this.#writer.hasNews(intake) ? this.#checkpoint : undefined`,
    `const news = intake === undefined ? this.#checkpoint : undefined`,
  ),
  mutant(
    'a record is settled before its mark is durable, in a worker',
    'workers-retry',
    1_000,
    'src/consumer/completions.ts',
    `    const settled = durable.then(
      (completion) => {
        this.#ended(work, number)
        return this.#completed(work, claim, attempt, lend, completion ?? undefined)`,
    `    this.#handled(work, attempt)
    const settled = durable.then(
      () => {
        this.#ended(work, number)
        return 'next' as const`,
  ),
  mutant(
    'a mark does not wait for that of the page before',
    'workers-retry',
    5_000,
    'src/consumer/flow.ts',
    `if (marking !== undefined && marking !== item.page)`,
    `if (marking !== undefined && marking !== item.page && this.#pages.size < 0)`,
  ),
  mutant(
    'pages do not know what the others have handled',
    'workers-messages',
    500,
    'src/consumer/flow.ts',
    `completedElsewhere: (work) => this.#handled?.elsewhere(work.idempotencyKey, page),`,
    `completedElsewhere: () => undefined,`,
  ),
  mutant(
    'a lane that stopped is dropped',
    'workers',
    300,
    'src/consumer/flow.ts',
    `if (worked === 'stop') return this.#stopped(item, lend)`,
    `if (worked === 'stop') return worked`,
  ),
  mutant(
    'a save whose reply was lost counts as refused',
    'workers',
    500,
    'src/leases/dynamodb/lease-table.ts',
    `return isDurable(written, held, revision) ? 'saved' : 'lost'`,
    `return written.status === 'written' ? 'saved' : 'lost'`,
  ),
  mutant(
    'a shard that is gone counts as finished, without a word',
    'workers-away',
    500,
    'src/worker/shard-run.ts',
    `      case 'trimmed':
      case 'missing':
        return this.#meetGap(ended.how)`,
    `      case 'trimmed':
        return this.#meetGap(ended.how)
      case 'missing':
        return this.#finish()`,
  ),
  mutant(
    'a gap is passed without a word',
    'workers-away',
    500,
    'src/worker/shard-run.ts',
    `    // Told before it is passed: died in between, the next owner comes upon it again and tells it twice, not never.
    this.#report.gap(gap)
`,
    ``,
  ),
  mutant(
    'a stream is begun before the one before is drained',
    'workers-streams',
    500,
    'src/leases/stream-succession.ts',
    `if (following === undefined || !isDrained(pass))`,
    `if (following === undefined)`,
  ),
  mutant(
    'a lease is handed over while its handlers run',
    'workers',
    1_000,
    'src/worker/shard-pass.ts',
    `return this.flow.drain(this.#options.setting.pace.shutdownTimeoutMs, abortGraceMs)`,
    `return void this.flow.drain(this.#options.setting.pace.shutdownTimeoutMs, abortGraceMs)`,
  ),
  mutant(
    'a fence that is always open',
    'workers-fenced',
    500,
    'src/leases/dynamodb/held.ts',
    `    ConditionExpression: '#owner = :owner AND #epoch = :epoch',`,
    `    ConditionExpression: 'attribute_exists(pk) OR (#owner = :owner AND #epoch = :epoch)',`,
  ),
  mutant(
    'a worker stops and keeps its leases',
    'workers',
    100,
    'src/leases/fleet-member.ts',
    `      if (signal.aborted) await incarnation.leave()\n`,
    ``,
  ),
  mutant(
    'leases are shared out unevenly',
    'workers',
    300,
    'src/leases/assignment.ts',
    `index < roundedUpCount ? roundedDown + 1 : roundedDown`,
    `index < roundedUpCount ? roundedDown + 2 : roundedDown`,
  ),
  mutant(
    'every look at the members is one at the leases',
    'workers',
    50,
    'src/leases/members-watch.ts',
    `if (isNews) this.#options.onNews()`,
    `if (isNews || this.rows.length > 0) this.#options.onNews()`,
  ),
  mutant(
    'where a start at LATEST began is not saved before anything is handled',
    'workers-latest',
    1_000,
    'src/worker/shard-pass.ts',
    `...(mustSaveStart ? { begin: () => this.#begin() } : {}),`,
    ``,
  ),
  mutant(
    'a start at LATEST that could not be saved counts as saved',
    'workers-latest',
    2_000,
    'src/worker/shard-run.ts',
    `      mustSaveStart: this.#mustSaveStart,`,
    `      mustSaveStart: start.notBefore !== undefined,`,
  ),
  mutant(
    'who is overtaken at a start at LATEST goes on by what it has read',
    'workers-latest',
    1_000,
    'src/leases/stream-pass.ts',
    `else if (answer === 'begun') view.isOvertaken = true`,
    `else if (answer === 'begun') Object.assign(view, { start: { ...view.start, complete: true } })`,
  ),
  {
    name: 'nobody is told of a lease whose creation ended in an error',
    scenario: 'workers-unsure',
    within: 5_000,
    patches: [
      {
        file: 'src/leases/stream-pass.ts',
        find: `if (createdCount > 0 || failed !== undefined) onCreated()`,
        replace: `if (createdCount > 0) onCreated()`,
      },
      {
        file: 'src/leases/stream-succession.ts',
        find: `if (isAgain) this.#options.onCreated()`,
        replace: `void isAgain`,
      },
    ],
  },
  mutant(
    'children that are listed late are not looked for',
    'workers-listed-late',
    4_000,
    'src/leases/late-children.ts',
    `const looksAfterMs = [1_000, 5_000, 30_000]`,
    `const looksAfterMs: readonly number[] = []`,
  ),
  mutant(
    'what waits for a handler that goes on is waited for in its place',
    'workers-deaf',
    100,
    'src/consumer/stragglers.ts',
    `const ends = this.#ends.get(laneKey) ?? new Set()`,
    `const ends = new Set<Promise<void>>()`,
  ),
  mutant(
    'nobody tells of shards that were gone before they were seen',
    'workers-away-unaware',
    1_000,
    'src/leases/stream-pass.ts',
    `const openAt = finishedAt ?? (isOrphan && view.start.complete ? view.start.notedAt : undefined)`,
    `const openAt = isOrphan ? undefined : finishedAt`,
  ),
  mutant(
    'what a failed pass has not saved is forgotten',
    'workers-denied',
    500,
    'src/worker/shard-run.ts',
    `    if (this.#pass !== undefined) writer.passEnded(this.#pass.intake)\n`,
    ``,
  ),
]
