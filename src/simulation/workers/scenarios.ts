import { operated } from './fleet-operator.ts'
import { perfectNetwork } from '../network-faults.ts'
import { parkingMarks } from '../parking/parking-marks.ts'
import { workerParking } from '../parking/worker-parking.ts'
import { SeededRandom } from '../random.ts'
import { scenarioOf, type Scenario, type WorldKind } from '../run.ts'
import { workerMarks, type WorkerMark } from './marks.ts'
import { drawWorkerProfile, type WorkerProfile } from './profile.ts'
import { WorkerWorld } from './world.ts'

const workers: WorldKind<WorkerProfile, WorkerMark> = {
  draw: drawWorkerProfile,
  play: (world) => new WorkerWorld(world).run(),
  marks: workerMarks,
}

/** Fleets that park, and people who redrive. */
const parkingWorkers: WorldKind<WorkerProfile, WorkerMark> = {
  ...workers,
  draw: (seed) => workerParking(drawWorkerProfile(seed), new SeededRandom(seed).fork('worker parking')),
  marks: parkingMarks,
}

/** Fleets that are paused, resumed and replayed; some of them park. */
const operatedWorkers: WorldKind<WorkerProfile, WorkerMark> = {
  ...workers,
  draw: (seed) => {
    const random = new SeededRandom(seed).fork('operator')
    const drawn = random.chance(0.3) ? parkingWorkers.draw(seed) : drawWorkerProfile(seed)
    const from = random.next() * drawn.chaosMs
    const pauses = random.chance(0.7) ? [[from, from + random.next() * 2 * drawn.worker.leaseDurationMs] as const] : []
    return operated(drawn, pauses, random.chance(0.4))
  },
  marks: ['fleet paused', 'stream replayed'],
}

/** A world in which nothing fails: shards split, workers come and go by themselves. */
function calm(drawn: WorkerProfile): WorkerProfile {
  return {
    ...drawn,
    handler: { ...drawn.handler, failsBefore: 0, failsAfter: 0, ignoresSignal: 0 },
    workload: { ...drawn.workload, poison: 0 },
    network: perfectNetwork(drawn.network.delayMs),
    process: { ...drawn.process, crash: 0, pause: 0, events: ['stop'] },
    ...{ skewMs: 0, drift: 0, outages: [], cutOffs: [], denials: [], iteratorExpires: 0, awayHours: 0 },
  }
}

/** One item or two, many changes of each, marks that are written behind the handlers, crashes. */
function retrying(drawn: WorkerProfile): WorkerProfile {
  const { workload, process, chaosMs } = drawn
  return {
    ...drawn,
    ...{ ledger: 'retry', identity: 'record', isFenced: false, insertsOnly: false },
    workload: {
      ...workload,
      itemCount: Math.min(2, workload.itemCount),
      everyMs: Math.min(workload.everyMs, chaosMs / 40),
    },
    process: { ...process, crash: Math.max(0.004, process.crash) },
  }
}

/** The table has one stream after the other. */
function streams(drawn: WorkerProfile): WorkerProfile {
  const { chaosMs } = drawn
  return { ...drawn, streamOff: drawn.streamOff ?? [0.4 * chaosMs, 0.5 * chaosMs] }
}

/** All are away for longer than a record can be read. */
function away(drawn: WorkerProfile): WorkerProfile {
  return {
    ...drawn,
    awayHours: drawn.awayHours || 24.2 + (drawn.chaosMs % 7),
    drift: 0,
    skewMs: Math.min(2_000, drawn.skewMs),
  }
}

/** The same, and when they go not all shards were listed that there were. */
function awayUnaware(drawn: WorkerProfile): WorkerProfile {
  const { stream, worker, workload } = drawn
  return {
    ...away({ ...drawn, awayHours: 33 }),
    stream: { ...stream, listingLagMs: 5_000 },
    worker: { ...worker, idlePollMs: 500 },
    workload: { ...workload, everyMs: 500, writeCount: 20 },
    ...{ chaosMs: 8_000, shardChanges: 3, streamOff: undefined },
  }
}

/** What was written before the first start is not wanted. */
function fromLatest(drawn: WorkerProfile): WorkerProfile {
  const { worker, skewMs } = drawn
  return { ...drawn, drift: 0, skewMs: Math.min(2_000, skewMs), worker: { ...worker, startAt: 'LATEST' } }
}

/** Workers that stand still for longer than their lease with more to handle, and go on when another has taken over. */
function zombies(drawn: WorkerProfile): WorkerProfile {
  const { workload, process, worker, handler } = drawn
  const { leaseDurationMs } = worker
  const chaosMs = Math.max(6 * leaseDurationMs, drawn.chaosMs)
  return {
    ...drawn,
    workload: { ...workload, itemCount: Math.min(3, workload.itemCount), writeCount: 40, everyMs: chaosMs / 40 },
    handler: { ...handler, workMs: leaseDurationMs / 5, ignoresSignal: 0 },
    process: { ...process, crash: 0, pause: 0.02, pauseMs: 3 * leaseDurationMs },
    ...{ chaosMs, workerCount: Math.max(3, drawn.workerCount), insertsOnly: false, awayHours: 0 },
  }
}

/** A worker that is cut off from the table, and whose wall clock is set meanwhile. */
function clocks(drawn: WorkerProfile): WorkerProfile {
  const { chaosMs, process } = drawn
  return {
    ...zombies(drawn),
    process: { ...process, crash: 0, pause: 0, eventCount: 12, events: ['set clock'] },
    ...{ workerCount: 2, cutOffs: [[0.2 * chaosMs, 0.5 * chaosMs] as const, [0.7 * chaosMs, chaosMs] as const] },
  }
}

/** Handlers that do not look at their signal, in a worker that loses its right to work, and comes back, again and again. */
function deaf(drawn: WorkerProfile): WorkerProfile {
  const { handler, process, ledger } = drawn
  return {
    ...zombies(drawn),
    handler: { ...handler, ignoresSignal: 0.6 },
    process: { ...process, crash: 0, pause: 0, eventCount: 20, events: ['set clock'] },
    ...{ workerCount: 1, ledger: ledger === 'park' ? 'retry' : ledger },
  }
}

/** The stream can't be read for a while, and meanwhile shards are handed over. */
function denied(drawn: WorkerProfile): WorkerProfile {
  const { chaosMs, process, worker } = drawn
  return {
    ...drawn,
    ...{ ledger: 'none', identity: 'record', denials: [[0.4 * chaosMs, chaosMs] as const], awayHours: 0 },
    worker: { ...worker, checkpointIntervalMs: worker.leaseDurationMs },
    process: { ...process, crash: 0, pause: 0, eventCount: 4, events: ['stop'] },
  }
}

/**
 * The coordination table is away again and again, for longer than a request is tried: what was written is not heard of. Shards
 * are listed when the fleet works already.
 */
function unsure(drawn: WorkerProfile): WorkerProfile {
  const { network, worker, process, stream, chaosMs } = drawn
  const ms = worker.leaseDurationMs
  const outages = [0.1, 0.5, 0.9, 1.3].map((at) => [at * ms, (at + 0.3) * ms] as const)
  return {
    ...drawn,
    network: { ...network, replyLost: Math.max(0.3, network.replyLost) },
    stream: { ...stream, listingLagMs: 5_000 },
    process: { ...process, crash: 0, pause: 0, eventCount: 0 },
    ...{ outages, chaosMs: Math.max(1.6 * ms, chaosMs), cutOffs: [], streamOff: undefined, awayHours: 0 },
  }
}

/** Shards are split, and one half is listed later than the other. */
function listedLate(drawn: WorkerProfile): WorkerProfile {
  const { stream, shardChanges } = drawn
  return {
    ...drawn,
    stream: { ...stream, listingLagMs: 5_000 },
    ...{ shardChanges: Math.max(2, shardChanges), streamOff: undefined, awayHours: 0 },
  }
}

export const workerScenarios: readonly Scenario[] = [
  scenarioOf(workers, 'workers'),
  scenarioOf(workers, 'workers-calm', calm),
  scenarioOf(workers, 'workers-retry', retrying),
  scenarioOf(workers, 'workers-messages', (drawn) => ({ ...retrying(drawn), identity: 'message' as const })),
  scenarioOf(workers, 'workers-zombies', zombies),
  scenarioOf(workers, 'workers-clocks', clocks),
  scenarioOf(workers, 'workers-fenced', (drawn) => ({
    ...zombies(drawn),
    ...{ ledger: 'none' as const, identity: 'record' as const, isFenced: true },
  })),
  scenarioOf(workers, 'workers-deaf', deaf),
  scenarioOf(workers, 'workers-denied', denied),
  scenarioOf(workers, 'workers-unsure', unsure),
  scenarioOf(workers, 'workers-listed-late', listedLate),
  scenarioOf(workers, 'workers-streams', streams),
  scenarioOf(workers, 'workers-away', away),
  scenarioOf(workers, 'workers-away-unaware', awayUnaware),
  scenarioOf(workers, 'workers-latest', fromLatest),
  scenarioOf(parkingWorkers, 'workers-parking'),
  scenarioOf(operatedWorkers, 'workers-operated'),
]
