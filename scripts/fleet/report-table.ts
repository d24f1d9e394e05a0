import { complaintsOf } from './complaints.ts'
import type { FleetReport } from './fleet-report.ts'
import type { FleetOptions } from './fleet-options.ts'
import { inPeace, quantile, type Handover } from './handovers.ts'

/** The verdict as a table, and what is wrong below it. */
export function renderReport(report: FleetReport, options: FleetOptions): string {
  const { counts, violations } = report.verdict
  const rows: [string, string | number][] = [
    ['changes produced', counts.produced],
    ['changes that took effect', counts.effective],
    ['effects lost', violations.lost.length],
    ['effects nobody asked for', violations.unexpected.length],
    ['handlers that ran', counts.handlerRuns],
    ...(report.bank === undefined ? repeatRows(report) : []),
    ...parkingRows(report),
    ...bankRows(report),
    ['breaks of order', violations.disorder.length],
    ['handlers of an item side by side', violations.overlap.length],
    ['gaps seen by the concurrent reader', report.seenOutOfOrder.length],
    ['  in so many looks', report.looks],
    ['zombie effects attempted and refused', report.bank === undefined ? counts.refused : counts.idleZombies],
    ['zombie effects committed', violations.zombieEffects.length],
    ['effects answered and not there', violations.vanished.length],
    ['handlers begun without a lease', counts.zombieStarts],
    ['handlers after a graceful end of all', report.runsAfterStop],
    ['processes that ended badly', report.accidents.length],
    ['shards closed', report.reshardCount],
    ...disturbanceRows(report),
    ...handoverRows(report, options.leaseDurationMs),
  ]
  const width = Math.max(...rows.map(([label]) => label.length))
  const lines = rows.map(([label, figure]) => `${label.padEnd(width)}  ${figure.toLocaleString('en-US').padStart(9)}`)
  const complaints = complaintsOf(report)
  return [...lines, '', ...(complaints.length === 0 ? ['clean'] : complaints)].join('\n')
}

function repeatRows({ verdict: { counts, violations } }: FleetReport): [string, string | number][] {
  return [
    ['effects again, of what was not known to be saved', counts.repeated - violations.unexplainedRepeats.length],
    ...Object.entries(counts.repeatedBecause).map(([why, count]): [string, number] => [
      `  after a worker's ${why}`,
      count,
    ]),
    ['effects again that nothing explains', violations.unexplainedRepeats.length],
    ['checkpoints known to be saved', counts.saves],
    ['  that pass what was not done', violations.savedUndone.length],
  ]
}

function bankRows({ bank, verdict: { counts } }: FleetReport): [string, string | number][] {
  if (bank === undefined) return []
  return [
    ['effects committed again', counts.repeated],
    ['accounts', bank.accountCount],
    ['  that are wrong', bank.wrongAccounts.length],
    ['  what all have together', bank.sum],
    ['looks at a bank while it worked', bank.lookCount],
    ['replays from the beginning', bank.replayCount],
    ['  records they handed out again', bank.replayedCount],
    ['duplicates absorbed', bank.tally.absorbed],
    ['zombie transactions refused by the ledger', bank.tally.refused],
    ['kills of the server', bank.serverKills],
  ]
}

function parkingRows({ parking }: FleetReport): [string, string | number][] {
  if (parking === undefined) return []
  return [
    ['poison, parked and redriven', parking.poisonCount],
    ['  redriven with what had queued behind', parking.redrivenCount],
    ['  while changes were produced', parking.redrivenInTime],
    ['  redrivers, all but the last three killed', parking.redriverCount],
    ['lanes left parked', parking.leftParked.length],
    ['poison that was handled without a redrive', parking.unparked.length],
    ['items that did not end at their last version', parking.staleEnds.length],
  ]
}

function disturbanceRows({ chaos, disturbances, lapseCount }: FleetReport): [string, number][] {
  const kinds = ['kill', 'pause', 'cut', 'blackHole', 'stop', 'add', 'replay', 'database']
  const stalls = disturbances.filter(({ kind }) => kind === 'stall')
  return [
    ...kinds.map((kind): [string, number] => [`chaos: ${kind}`, chaos.filter((event) => event.kind === kind).length]),
    ['workers that gave up their leases by themselves', lapseCount],
    ['stalls of the machine', stalls.length],
    ['  the longest, ms', Math.round(Math.max(0, ...stalls.map(({ from, to }) => to - from)))],
  ]
}

/** In lease durations for the dead, in milliseconds for those who leave. */
function handoverRows(
  { handovers, ownerlessMs, disturbances }: FleetReport,
  leaseDurationMs: number,
): [string, string][] {
  const of = (how: Handover['how'], field: 'afterMs' | 'idleMs') =>
    inPeace(handovers, disturbances, 2 * leaseDurationMs)
      .filter((handover) => handover.how === how)
      .map((handover) => handover[field])
  const leases = of('kill', 'afterMs').map((ms) => ms / leaseDurationMs)
  const idle = of('stop', 'idleMs')
  // Where the machine stood still all the time, nothing happened in peace, and no figure would be of the fleet.
  const figures = (values: readonly number[], digits: number) =>
    values.length === 0
      ? 'none'
      : [quantile(values, 0.5), quantile(values, 1)].map((value) => value.toFixed(digits)).join(' / ')
  return [
    [`failover, lease durations, median / most of ${leases.length}`, figures(leases, 2)],
    [`graceful handover, ms idle, median / most of ${idle.length}`, figures(idle, 0)],
    [`leases handed over, ms without an owner, median / most of ${ownerlessMs.length}`, figures(ownerlessMs, 0)],
  ]
}
