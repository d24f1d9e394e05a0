import { systemClock } from '../../internal/system.ts'
import { withStreamLabel } from '../../record/stream-arn.ts'
import type { ParkedLane, ParkedRecords } from '../../parking/parked-records.ts'
import type { Lease } from '../../leases/lease.ts'
import { awsFault } from '../aws/aws-fault.ts'
import { exitCodes } from '../exit-codes.ts'
import { failureText } from '../failure-text.ts'
import { type Fleet, type FleetOptions, withFleet } from '../fleet/dynamodb-fleet.ts'
import { parkedRecords } from '../parked/dynamodb-parked-records.ts'
import { peek, type Peek } from '../fleet/peek.ts'
import { isTerminal } from '../screen.ts'
import { takeStopSignals } from '../stop-signals.ts'
import { fleetView, type FleetView } from './fleet-view.ts'
import { problemsOf } from './problems.ts'
import { statusText } from './status-text.ts'

/** What `tidemark status` was asked to do. */
export interface StatusOptions extends FleetOptions {
  readonly module: string | undefined
  readonly parkingTable: string | undefined
  readonly all: boolean
  readonly check: boolean
  readonly watch: boolean
  readonly interval: number
  readonly json: boolean
}

/** Shows a fleet, once or again and again; resolves with the exit code. */
export function status(options: StatusOptions): Promise<number> {
  return withFleet(options, async (fleet) => {
    const parkingTable = options.parkingTable ?? options.coordinationTable
    const parked = await parkedRecords(fleet.connection, { ...options, parkingTable })
    const read = () => readView(fleet, parked)
    const view = options.watch ? await watch(read, options) : show(await read(), options)
    const isUnknown = view.workers.length === 0 && view.shards.every(({ state }) => state === 'waiting')
    return isUnknown || (options.check && problemsOf(view).length > 0) ? exitCodes.failed : exitCodes.ok
  })
}

async function watch(read: () => Promise<FleetView>, options: StatusOptions): Promise<FleetView> {
  const signals = takeStopSignals(systemClock, () => {})
  let last: FleetView | undefined
  try {
    for (;;) {
      last = (await shown(read, options, last)) ?? last
      await systemClock.sleep(options.interval, signals.stopping)
      if (signals.stopping.aborted && last !== undefined) return last
    }
  } finally {
    signals.end()
  }
}

/** Once it could be read it is read on, whatever happens to one look: it is when things go wrong that somebody watches. */
async function shown(
  read: () => Promise<FleetView>,
  options: StatusOptions,
  last: FleetView | undefined,
): Promise<FleetView | undefined> {
  try {
    return show(await read(), options)
  } catch (error) {
    if (last === undefined || awsFault(error) === undefined) throw error
    console.error(failureText(error))
    return undefined
  }
}

function show(view: FleetView, { all, json, watch: isWatching }: StatusOptions): FleetView {
  if (json) console.log(JSON.stringify({ ...view, problems: problemsOf(view) }))
  else if (isWatching && isTerminal()) process.stdout.write(`\u001B[H\u001B[2J${statusText(view, all)}\n`)
  else console.log(`${statusText(view, all)}${isWatching ? '\n' : ''}`)
  return view
}

async function readView(fleet: Fleet, parked: ParkedRecords): Promise<FleetView> {
  const { name, stream, reading, leases, members, transfers } = fleet
  const { streamArn, streamLabel } = stream
  // In this order: a shard that finishes in between is seen as leased or as finished, and never not at all; the members
  // last, or an owner that has joined in between would look like none.
  const leased = await leases.list()
  const finished = await transfers.finished()
  const listing = await reading.describe(streamArn)
  const peeks = await peekAll(fleet, leased)
  const { members: rows, pause } = await members.look({ consistent: true })
  return fleetView({
    ...{ consumer: name.consumer, table: name.tableName, streamLabel, leases: leased, members: rows },
    ...{ pause, peeks, listing, parked: await parkedLanes(fleet, parked) },
    // Finished shards are remembered for longer than the stream lists them.
    finished: finished.filter(({ shardId }) => listing?.shards.some((shard) => shard.shardId === shardId)),
    now: systemClock.now(),
  })
}

async function parkedLanes({ name }: Fleet, parked: ParkedRecords): Promise<readonly ParkedLane[]> {
  return (await parked.lanes()).filter((lane) => lane.tableName === name.tableName)
}

const atOnce = 8

async function peekAll({ stream, reading }: Fleet, leases: readonly Lease[]): Promise<ReadonlyMap<string, Peek>> {
  const found = new Map<string, Peek>()
  const waiting = [...leases]
  const work = async () => {
    for (let lease = waiting.shift(); lease !== undefined; lease = waiting.shift())
      found.set(lease.id, await peek(reading, withStreamLabel(stream.streamArn, lease.streamLabel), lease))
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return found
}
