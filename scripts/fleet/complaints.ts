import type { FleetReport, ParkingFacts } from './fleet.ts'

/** Everything that is wrong with a run, in words; empty when it is clean. */
export function complaintsOf(report: FleetReport): readonly string[] {
  const { verdict, seenOutOfOrder, accidents, isDrained, mode, chaos, parking } = report
  // In a short run the only one may stop a worker that has nothing to do.
  const hadZombies = chaos.filter(({ kind }) => kind === 'pause').length > 1
  const broken = Object.entries(verdict.violations)
    .filter(([name]) => parking === undefined || !byTheSaved.has(name))
    .flatMap(([name, lines]) => sample(name, lines))
  return [
    ...(isDrained ? [] : ['the fleet stood still before everything had taken effect']),
    ...broken,
    ...(mode === 'fenced' && hadZombies && verdict.counts.refused === 0 ? ['no zombie tried to write'] : []),
    ...sample('seen out of order', seenOutOfOrder),
    ...accidents,
    ...(parking === undefined ? unsaved(report) : parkingComplaints(parking)),
  ]
}

// What is parked is settled before any handler of it has succeeded, and is redriven without a lease: of a run with poison the
// saves say nothing about repeats.
const byTheSaved = new Set(['unexplainedRepeats', 'savedUndone'])

function unsaved({ verdict }: FleetReport): readonly string[] {
  return verdict.counts.saves > 0 ? [] : ['no worker said that it saved anything: repeats can not be judged']
}

function parkingComplaints({ leftParked, staleEnds, unparked, poisonCount }: ParkingFacts): readonly string[] {
  return [
    ...(poisonCount > 0 ? [] : ['nothing was poison']),
    ...Object.entries({ leftParked, staleEnds, unparked }).flatMap(([name, lines]) => sample(name, lines)),
  ]
}

function sample(name: string, lines: readonly string[]): readonly string[] {
  if (lines.length <= 5) return lines.map((line) => `${name}: ${line}`)
  return [...lines.slice(0, 5).map((line) => `${name}: ${line}`), `${name}: and ${lines.length - 5} more`]
}
