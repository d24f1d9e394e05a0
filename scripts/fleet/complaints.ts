import type { BankFacts } from './bank-facts.ts'
import type { FleetReport } from './fleet-report.ts'
import type { ParkingFacts } from './parking-facts.ts'

/** Everything that is wrong with a run, in words; empty when it is clean. */
export function complaintsOf(report: FleetReport): readonly string[] {
  const { verdict, seenOutOfOrder, accidents, isDrained, parking, bank } = report
  const broken = Object.entries(verdict.violations).flatMap(([name, lines]) => sample(name, lines))
  return [
    ...(isDrained ? [] : ['the fleet stood still before everything had taken effect']),
    ...broken,
    ...untried(report),
    ...sample('seen out of order', seenOutOfOrder),
    ...accidents,
    ...(bank === undefined ? [] : bankComplaints(report, bank)),
    ...(bank === undefined ? unsaved(report) : []),
    ...(parking === undefined ? [] : parkingComplaints(parking)),
  ]
}

function unsaved({ verdict }: FleetReport): readonly string[] {
  return verdict.counts.saves > 0 ? [] : ['no worker said that it saved anything: repeats can not be judged']
}

function untried({ chaos, mode, verdict, bank }: FleetReport): readonly string[] {
  if (mode === 'plain') return []
  const refused = bank === undefined ? verdict.counts.refused : bank.tally.refused + verdict.counts.idleZombies
  // In a short run the only one may stop a worker that has nothing to do.
  const hadZombies = chaos.filter(({ kind }) => kind === 'pause').length > 1
  return hadZombies && refused === 0 ? ['no zombie tried to write'] : []
}

function bankComplaints(report: FleetReport, bank: BankFacts): readonly string[] {
  const { verdict, isDrained, runsAfterStop, chaos } = report
  const { wrongAccounts, sum, absorbedAtEnd, replayCount, serverKills } = bank
  const planned = (kind: string) => chaos.filter((event) => event.kind === kind).length
  return [
    ...sample('wrong account', wrongAccounts),
    ...(sum === 0 ? [] : [`all balances add up to ${sum}`]),
    ...(runsAfterStop === 0 ? [] : [`${runsAfterStop} notes of handlers after everything was done`]),
    ...(isDrained && absorbedAtEnd < verdict.counts.produced
      ? [`of ${verdict.counts.produced} changes that came again at the end, ${absorbedAtEnd} were absorbed`]
      : []),
    ...(replayCount > planned('replay') ? [] : [`the fleet was sent back ${replayCount} times`]),
    ...(serverKills === planned('database') ? [] : [`the server was killed ${serverKills} times`]),
  ]
}

function parkingComplaints(parking: ParkingFacts): readonly string[] {
  const { leftParked, staleEnds, unparked, poisonCount, redrivenCount, redrivenInTime } = parking
  return [
    ...(poisonCount > 0 ? [] : ['nothing was poison']),
    ...(2 * redrivenInTime > redrivenCount
      ? []
      : [`of ${redrivenCount} effects of redrivers ${redrivenInTime} came while changes were produced`]),
    ...Object.entries({ leftParked, staleEnds, unparked }).flatMap(([name, lines]) => sample(name, lines)),
  ]
}

function sample(name: string, lines: readonly string[]): readonly string[] {
  if (lines.length <= 5) return lines.map((line) => `${name}: ${line}`)
  return [...lines.slice(0, 5).map((line) => `${name}: ${line}`), `${name}: and ${lines.length - 5} more`]
}
