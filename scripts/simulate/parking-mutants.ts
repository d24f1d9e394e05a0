import type { Mutant, Patch } from './mutants.ts'

function mutant(name: string, scenario: string, within: number, ...patches: readonly Patch[]): Mutant {
  return { name, scenario, within, patches }
}

function patch(file: string, find: string, replace: string): Patch {
  return { file, find, replace }
}

const parker = 'src/consumer/parker.ts'
const besideLot = 'src/consumer/beside-lot.ts'
const batchRun = 'src/consumer/batch-run.ts'
const redrive = 'src/consumer/redrive.ts'
const parkedCount = 'src/parking/parked-count.ts'
const updates = 'src/parking/dynamodb/updates.ts'
const held = 'src/parking/dynamodb/held-lanes.ts'

export const parkingMutants: readonly Mutant[] = [
  mutant(
    'a new arrival overtakes the parked',
    'parking',
    200,
    patch(
      parker,
      `if (known?.isParked !== true) return 'open'`,
      `if (known?.noted === null || known?.noted === undefined) return 'open'`,
    ),
  ),
  mutant(
    'a redriven record leaves the lot before its effect',
    'parking',
    200,
    patch(
      redrive,
      `  const { settlement, stopped } = await run(record, hold, setting)`,
      `  await lot.settle(hold.held, record.position, { outcome: 'handled', at: options.clock.now(), by })
  const { settlement, stopped } = await run(record, hold, setting)`,
    ),
  ),
  mutant(
    'a lane opens while a record is left',
    'parking',
    300,
    patch(held, `'#holder = :token AND #recordCount = :none'`, `'#holder = :token AND #recordCount < :some'`),
    patch(held, `        ':none': numberOf(0),\n`, `        ':some': numberOf(2),\n`),
  ),
  mutant(
    'attempts are lost in a crash',
    'parking',
    1_000,
    patch(
      parker,
      `return noted?.position === positionIn(work) ? noted.count : 0`,
      `return noted?.position === '' ? noted.count : 0`,
    ),
  ),
  mutant(
    'attempts are lost in a crash of a worker',
    'workers-parking',
    1_000,
    patch(besideLot, `await this.#parker.note(work, earlier + 1)`, `await Promise.resolve()`),
  ),
  mutant(
    'a death is forgotten with a handover',
    'workers-parking',
    6_000,
    patch(
      'src/leases/dynamodb/lease-table.ts',
      `{ ...(set === undefined ? {} : { set }), remove: [...remove, 'owner'] }`,
      `{ ...(set === undefined ? {} : { set }), remove: [...remove, 'owner', 'takenOverAt'] }`,
    ),
  ),
  mutant(
    'a later record’s note is written over',
    'parking',
    3_000,
    patch(parker, `known.noted.position > noted.position) return`, `known.noted.position === '') return`),
  ),
  mutant(
    'a record is parked before its claim is given back',
    'parking',
    300,
    patch(
      batchRun,
      `    await this.#release(work, claim)
    return this.#fail(work, { attempts, reason, error })`,
      `    const step = await this.#fail(work, { attempts, reason, error })
    await this.#release(work, claim)
    return step`,
    ),
  ),
  mutant(
    'a record is settled before it is in the lot',
    'parking',
    1_000,
    patch(
      besideLot,
      `    const answer = await this.#parker.park(work, failing, this.#way.setting.stopping)`,
      `    setting.book.settle(work.position, 'parked')
    const answer = await this.#parker.park(work, failing, this.#way.setting.stopping)`,
    ),
  ),
  mutant(
    'a lane is held by two at once',
    'parking',
    1_000,
    patch(held, `OR #holder = :token OR #heldUntil < :now)'`, `OR #holder = :token OR #heldUntil > :now)'`),
  ),
  mutant(
    'who has lost the lane goes on with it',
    'parking',
    3_000,
    patch('src/parking/lane-hold.ts', `    this.#lost.signal.throwIfAborted()\n`, ``),
    patch('src/parking/lane-hold.ts', `    this.#lost.abort(`, `    void (`),
  ),
  mutant(
    'a record is edited while it is redriven',
    'parking',
    3_000,
    patch(
      'src/parking/parked-records.ts',
      `    const hold = await LaneHold.take(this.#lot, lane, this.#time)
    if (hold === 'open') return 'not-found'
    if (hold === 'busy') return 'busy'`,
      `    const taken = await LaneHold.take(this.#lot, lane, this.#time)
    if (taken === 'open') return 'not-found'
    const held = { lane, token: 'anybody' }
    const hold =
      taken === 'busy'
        ? ({ held, assertHeld() {}, letGo: () => Promise.resolve('parked') } as unknown as LaneHold)
        : taken`,
    ),
    patch(
      updates,
      `export function whileHeld({ lane, token }: HeldLane, set: Row): RowUpdate {
  const sets = ['#holder = :token', ...Object.keys(set).map((name) => \`#\${name} = :\${name}\`)]
  return {
    Key: laneKeyOf(lane),
    ConditionExpression: '#holder = :token',`,
      `export function whileHeld({ lane, token }: HeldLane, set: Row): RowUpdate {
  const sets = ['#anyone = :token', ...Object.keys(set).map((name) => \`#\${name} = :\${name}\`)]
  return {
    Key: laneKeyOf(lane),
    ConditionExpression: 'attribute_exists(#holder)',`,
    ),
    patch(
      updates,
      `ExpressionAttributeNames: names('holder', ...Object.keys(set)),`,
      `ExpressionAttributeNames: names('holder', 'anyone', ...Object.keys(set)),`,
    ),
  ),
  mutant(
    'what was edited is redriven as it came',
    'parking',
    1_000,
    patch(redrive, `records: [record.record]`, `records: [record.original ?? record.record]`),
  ),
  mutant(
    'a dropped record leaves no trace',
    'parking',
    1_000,
    patch(
      held,
      `      { Put: { TableName, Item: pastRow(lane, row, position, fate) } },`,
      `      ...(fate.outcome === 'dropped' ? [] : [{ Put: { TableName, Item: pastRow(lane, row, position, fate) } }]),`,
    ),
  ),
  mutant(
    'a record is queued in a lane that was just opened',
    'parking',
    3_000,
    patch(
      updates,
      `onlyBehind ? \`attribute_exists(#parkedAt) AND \${hasRoom}\` : hasRoom`,
      `onlyBehind ? hasRoom : hasRoom`,
    ),
  ),
  mutant(
    'what was in the lot is not looked for',
    'parking',
    1_000,
    patch(
      parker,
      `const wasInLot = await lot.wasSettled(lane, position)`,
      `const wasInLot = await Promise.resolve(position === '')`,
    ),
  ),
  mutant(
    'a lane is not looked up again behind what has outlived its batch',
    'parking',
    1_000,
    patch(parker, `    if (stopping.aborted) {`, `    if (stopping.aborted && this.#lanes.size < 0) {`),
    patch(parker, `    this.#doubtful = new Set(setting.doubtful)`, `    this.#doubtful = new Set()`),
    patch(parker, `    this.#doubtful.add(work.laneKey)`, `    this.#doubtful.delete(work.laneKey)`),
  ),
  mutant(
    'an attempt is begun although its note came too late',
    'parking',
    1_000,
    patch(
      batchRun,
      `            stopping.throwIfAborted() // the note may have taken longer than the batch has time\n`,
      ``,
    ),
  ),
  mutant(
    'attempts that ended count as deaths',
    'parking',
    1_000,
    patch(batchRun, `    await parker?.forgetAttempts(work)\n`, ``),
  ),
  mutant(
    'throttling is taken for poison',
    'parking',
    1_000,
    patch(
      batchRun,
      `stopped.reason !== 'poison' || this.#setting.stopping.aborted)`,
      `this.#setting.stopping.aborted)`,
    ),
  ),
  mutant(
    'a lane takes more than it may',
    'parking',
    1_000,
    patch(updates, `':max': numberOf(maxPerLane),`, `':max': numberOf(maxPerLane + 1),`),
  ),
  mutant(
    'a record is stored before a sink is told',
    'parking',
    100,
    patch(
      parker,
      `    const untold = await this.#tell(work, failing)`,
      `    await this.#store(work, failing, await this.#takePlace())
    const untold = await this.#tell(work, failing)`,
    ),
  ),
  mutant(
    'a record is stored while a sink is told',
    'workers-parking',
    300,
    patch(
      parker,
      `    const untold = await this.#tell(work, failing)`,
      `    const untold = await Promise.race([this.#tell(work, failing), this.#setting.options.clock.sleep(5)])`,
    ),
  ),
  mutant(
    'a sink’s failure is swallowed',
    'parking',
    100,
    patch(parker, `return failed && { reason: 'systemic', error: failed.reason }`, `return failed && undefined`),
  ),
  mutant(
    'only the first sink is waited for',
    'parking',
    300,
    patch(
      parker,
      `ends.find((end) => end.status === 'rejected')`,
      `ends.slice(0, 1).find((end) => end.status === 'rejected')`,
    ),
  ),
  mutant(
    'sinks are told of what only waits behind',
    'parking',
    100,
    patch(
      parker,
      `    const answer = await this.#store(work, undefined, await this.#takePlace())`,
      `    for (const sink of this.#setting.options.parking.sinks) await sink.deliver(this.#letterOf(work, undefined))
    const answer = await this.#store(work, undefined, await this.#takePlace())`,
    ),
  ),
  mutant(
    'a consumer takes more than it may',
    'parking',
    1_000,
    patch(parkedCount, `if (this.#count >= max)`, `if (this.#count > max)`),
  ),
  mutant(
    'what was parked by others does not count',
    'parking',
    1_000,
    patch(parkedCount, `sum + (parked?.recordCount ?? 0), this`, `sum + (parked === undefined ? 0 : 0), this`),
  ),
  mutant(
    'a place is given back that a record has',
    'workers-parking',
    1_000,
    patch(parker, `if (answer !== 'parked') place?.giveBack()`, `if (answer !== 'full') place?.giveBack()`),
  ),
  mutant(
    'who comes while others count is let in',
    'parking',
    3_000,
    patch(
      parkedCount,
      `    const listedAt = this.#clock.monotonic()
    const lanes`,
      `    const listedAt = this.#clock.monotonic()
    this.#listedAt = listedAt
    const lanes`,
    ),
  ),
  mutant(
    'an outage parks everything',
    'parking-outage',
    600,
    patch('src/parking/circuit.ts', `const lanesAlike = 10`, `const lanesAlike = 21`),
  ),
  mutant(
    'who has lost a shard parks its records',
    'workers-parking',
    1_000,
    patch(
      updates,
      `    ConditionExpression: '#leaseCreatedAt = :createdAt AND #epoch = :epoch',`,
      `    ConditionExpression: '#leaseCreatedAt = :createdAt AND #epoch >= :epoch',`,
    ),
  ),
]

/** Bugs of pauses and replays. */
export const operatorMutants: readonly Mutant[] = [
  mutant(
    'a paused worker keeps its leases',
    'workers-operated',
    200,
    patch(
      'src/leases/lease-plan.ts',
      `    handOver: ours.filter(({ id }) => working.has(id)).map((lease) => ({ lease, target: nobody })),`,
      `    handOver: ours.filter(({ id }) => !working.has(id)).map((lease) => ({ lease, target: nobody })),`,
    ),
  ),
  mutant(
    'a paused worker takes what is free',
    'workers-operated',
    1_000,
    patch(
      'src/leases/lease-plan.ts',
      `  return view.isPaused ? planPause(view) : planWork(view)`,
      `  return view.isPaused && view.working.size > 0 ? planPause(view) : planWork(view)`,
    ),
  ),
  mutant(
    'what was asked for before a pause is taken in it',
    'workers-operated',
    3_000,
    patch('src/leases/lease-planner.ts', `(await this.#incoming.none())`, `(await Promise.resolve(false))`),
    patch('src/leases/incoming-leases.ts', ` && this.#expected.has(lease.id)`, ``),
  ),
  mutant(
    'a replay leaves the checkpoint where it is',
    'workers-operated',
    300,
    patch(
      'src/leases/dynamodb/rewinds.ts',
      `...checkpointChange(checkpoint).set,`,
      `...checkpointChange('lease' in seen ? seen.lease.checkpoint : checkpoint).set,`,
    ),
  ),
]
