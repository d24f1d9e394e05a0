import { bankMutants } from './bank-mutants.ts'
import { operatorMutants, parkingMutants } from './parking-mutants.ts'
import { postgresLotMutants } from './postgres-lot-mutants.ts'
import { workerMutants } from './worker-mutants.ts'

/** A text that is replaced in a file of the source; it must stand there exactly once. */
export interface Patch {
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** A bug planted on purpose: the simulation must find it within so many seeds of the scenario. */
export interface Mutant {
  readonly name: string
  readonly scenario: string
  readonly within: number
  /** Worlds with this bug do not come to rest, and run until they are given up, which takes many seconds. */
  readonly restless?: boolean
  readonly patches: readonly Patch[]
}

function mutant(name: string, scenario: string, within: number, file: string, find: string, replace: string): Mutant {
  return { name, scenario, within, patches: [{ file, find, replace }] }
}

const lambdaMutants: readonly Mutant[] = [
  {
    name: 'two marks of one lane in one chunk',
    scenario: 'retry',
    within: 2_000,
    patches: [
      {
        file: 'src/ledger/mark-writer.ts',
        find: `const heads = laneKeys.flatMap((laneKey) => this.#lanes.get(laneKey)?.[0] ?? [])`,
        replace: `const heads = laneKeys.flatMap((laneKey) => [...(this.#lanes.get(laneKey) ?? [])])`,
      },
      {
        file: 'src/ledger/mark-writer.ts',
        find: `    else this.#ready.push(laneKey)\n    head.resolve()`,
        replace: `    else if (!this.#ready.includes(laneKey)) this.#ready.push(laneKey)\n    head.resolve()`,
      },
    ],
  },
  mutant(
    'a record is settled before its mark is durable',
    'swarm',
    300,
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
    'a lane goes on after a failure',
    'swarm',
    300,
    'src/lanes/lanes.ts',
    `if (step === 'stop') this.#stopped.add(lane.key)
    if (step === 'stop' || lane.next === lane.works.length)`,
    `if (lane.next === lane.works.length)`,
  ),
  mutant(
    'the answer names the last record that is not settled',
    'swarm',
    500,
    'src/checkpoint/batch-response.ts',
    `compareSequenceNumbers(next, low) < 0`,
    `compareSequenceNumbers(next, low) > 0`,
  ),
  mutant(
    'the answer names the record behind the first that is not settled',
    'swarm',
    300,
    'src/checkpoint/batch-response.ts',
    `  const frontier = earliest(unsettled)`,
    `  const frontier = earliest(unsettled.slice(1))`,
  ),
  mutant(
    'numbers are compared as texts',
    'swarm',
    4_000,
    'src/record/sequence-number.ts',
    `a.length === b.length ? [a, b] : [padSequenceNumber(a), padSequenceNumber(b)]`,
    `[a, b]`,
  ),
  mutant(
    'a claim that has run out is taken over',
    'park',
    300,
    'src/ledger/dynamodb/claims.ts',
    `'attribute_not_exists(pk) OR attribute_exists(#releasedAt) OR #expiresAt <= :seconds'`,
    `'attribute_not_exists(pk) OR attribute_exists(#releasedAt) OR #expiresAt <= :seconds OR #claimedUntil <= :now'`,
  ),
  mutant(
    'a claim is given back whoever has it',
    'park',
    3_000,
    'src/ledger/dynamodb/claims.ts',
    `'#owner = :token AND attribute_not_exists(#releasedAt)'`,
    `'attribute_exists(#owner) AND attribute_not_exists(#releasedAt) OR #owner = :token'`,
  ),
  mutant(
    'a claim whose reply was lost is taken for another owner\u2019s',
    'park',
    1_000,
    'src/ledger/dynamodb/claims.ts',
    `if (found === undefined || found['owner']?.S === claimant.token)`,
    `if (found === undefined)`,
  ),
  mutant(
    'a claim is called uncertain before it has run out',
    'park',
    1_000,
    'src/ledger/dynamodb/claims.ts',
    `  if (until > claimant.now) return { status: 'in-progress', until }\n`,
    ``,
  ),
  mutant(
    'the mark is not looked at behind a claim',
    'park',
    1_000,
    'src/ledger/dynamodb/claims.ts',
    `  if (await isMarked(requests, entry, claimant)) return { status: 'completed' }\n`,
    ``,
  ),
  mutant(
    'a failed record keeps its claim',
    'park',
    1_000,
    'src/consumer/batch-run.ts',
    `      await this.#setting.session.release(claim)`,
    `      void claim`,
  ),
  mutant(
    'rows that were left over are dropped',
    'swarm',
    300,
    'src/ledger/dynamodb/requests.ts',
    `rest = UnprocessedItems?.[this.tableName] ?? []`,
    `rest = UnprocessedItems === undefined ? rest : []`,
  ),
  mutant(
    'keys that were left over are dropped',
    'retry',
    300,
    'src/ledger/dynamodb/requests.ts',
    `request = UnprocessedKeys?.[this.tableName]`,
    `request = UnprocessedKeys === undefined ? request : undefined`,
  ),
  mutant(
    'marks are read from a replica',
    'retry',
    300,
    'src/ledger/dynamodb/requests.ts',
    `{ Keys: [...keys], ConsistentRead: true }`,
    `{ Keys: [...keys] }`,
  ),
  mutant(
    'a mark behind a claim is read from a replica',
    'park',
    3_000,
    'src/ledger/dynamodb/claims.ts',
    `    ConsistentRead: true,\n`,
    ``,
  ),
  mutant(
    'an identity is made of rounded numbers',
    'messages',
    300,
    'src/consumer/work.ts',
    `return \`message:\${stream.tableName}/\${this.laneKey}\``,
    `return \`message:\${this.laneKey.replace(/\\d{16,}/g, (digits) => String(Number(digits)))}\``,
  ),
  mutant(
    'an identity forgets the record',
    'swarm',
    100,
    'src/consumer/work.ts',
    `return \`record:\${stream.streamLabel}:\${this.eventId}\``,
    `return \`record:\${stream.streamLabel}:\${this.laneKey}\``,
  ),
  mutant(
    'a record that can\u2019t be decoded passes for one that nobody wants',
    'undecodable',
    300,
    'src/consumer/prepare.ts',
    `    if (isSelected(location, options)) works.push(read(position, location, laneKey, batch.shardId, options))`,
    `    const work = isSelected(location, options) ? read(position, location, laneKey, batch.shardId, options) : undefined
    if (work?.record !== undefined) works.push(work)`,
  ),
  mutant(
    'records of one item run side by side',
    'swarm',
    500,
    'src/consumer/work.ts',
    `    this.laneKey = laneKey`,
    `    this.laneKey = laneKey + position`,
  ),
  mutant(
    'a failed mark counts as durable',
    'swarm',
    8_000,
    'src/ledger/mark-writer.ts',
    `for (const head of heads) this.#fail(head, error)`,
    `for (const head of heads) this.#acknowledge(head)
      void error`,
  ),
  mutant(
    'the marks of a batch are not read',
    'swarm',
    300,
    'src/ledger/dynamodb/dynamodb-ledger.ts',
    `if (this.#completed.has(entry.idempotencyKey)) return { status: 'completed' }`,
    `if (this.#completed.size < 0) return { status: 'completed' }`,
  ),
  mutant(
    'the book stays open after the answer',
    'swarm',
    1_000,
    'src/consumer/consumer.ts',
    `await time.within('answer', run.flush())`,
    `void run.flush()`,
  ),
  mutant(
    'a handler is begun although its claim came too late',
    'park',
    500,
    'src/consumer/batch-run.ts',
    `    if (stopping.aborted) return this.#outOfTime(work, outcome, stopping.reason)\n`,
    `    if (stopping.aborted && outcome.status === 'completed') return this.#outOfTime(work, outcome, stopping.reason)\n`,
  ),
  mutant(
    'marks are sent after the answer',
    'late-marks',
    1_000,
    'src/ledger/dynamodb/dynamodb-ledger.ts',
    `    if (this.#settings.uncertain === 'retry') this.#marks.abandon()\n`,
    ``,
  ),
  mutant(
    'a child shard is read before its parent is done with',
    'swarm',
    300,
    'src/testing/mapping/lineage.ts',
    `    return parentShardId === undefined || (!unread.has(parentShardId) && !reading.has(parentShardId))`,
    `    return parentShardId !== '' && unread.size > 0`,
  ),
  mutant(
    'records that grew too old are dropped without a word',
    'swarm',
    300,
    'src/testing/mapping/delivery.ts',
    `    await this.#giveUp({ records, condition: 'RecordAgeExceeded', invokeCount, invocation: undefined }, stopped)`,
    `    this.#ports.settle(records.length - 0 * invokeCount)`,
  ),
  mutant(
    'a window begins anew with every batch',
    'swarm',
    300,
    'src/lambda.ts',
    `state: event.state ?? {} }`,
    `state: {} }`,
  ),
]

export const mutants: readonly Mutant[] = [
  ...lambdaMutants,
  ...parkingMutants,
  ...operatorMutants,
  ...workerMutants,
  ...bankMutants,
  ...postgresLotMutants,
]
