import { systemClock } from '../../internal/system.ts'
import type { MemberRow } from '../../leases/coordination.ts'
import { DynamoDBLeaseRewinds } from '../../leases/dynamodb/rewinds.ts'
import { watchQuiet } from '../../leases/kcl/quiet.ts'
import { confirm } from '../confirm.ts'
import { exitCodes } from '../exit-codes.ts'
import { wrapped } from '../screen.ts'
import { type Fleet, type FleetOptions, withFleet } from '../fleet/dynamodb-fleet.ts'
import { type AgainOptions, countAgain } from './dynamodb-again.ts'
import type { ReplayFrom } from './replay-from.ts'
import { type ReplayPlan, replayPlan } from './replay-plan.ts'
import { replayText, totalOf } from './replay-text.ts'
import { scanStream } from './scan-stream.ts'

/** What `tidemark replay` was asked to do. */
export interface ReplayOptions extends FleetOptions, AgainOptions {
  readonly from: ReplayFrom
  readonly dryRun: boolean
  readonly yes: boolean
  readonly json: boolean
}

/** What came of it. */
type Outcome = 'planned' | 'replayed' | 'nothing' | 'declined' | 'alive' | 'changed'

/** Plans a replay and, when it is agreed to, does it; resolves with the exit code. */
export function replay(options: ReplayOptions): Promise<number> {
  return withFleet(options, async (fleet) => {
    const alive = await livingWorkers(fleet)
    if (alive.length > 0 && !options.dryRun) return tell(options, undefined, 'alive', alive)
    const rewinds = new DynamoDBLeaseRewinds(fleet.coordination)
    const plan = await planOf(fleet, rewinds, options)
    if (plan.lines.length === 0) return tell(options, plan, 'nothing')
    if (options.dryRun) return tell(options, plan, 'planned', alive)
    if (!options.json) console.log(replayText(plan, options.from))
    if (!(await confirm('Move the checkpoints back?', options.yes))) return tell(options, plan, 'declined')
    const done = await rewinds.rewind(plan.rewind)
    return tell(options, plan, done === 'rewound' ? 'replayed' : 'changed')
  })
}

async function planOf(fleet: Fleet, rewinds: DynamoDBLeaseRewinds, options: ReplayOptions): Promise<ReplayPlan> {
  const count = await countAgain(fleet, options)
  const shards = await scanStream(fleet, await rewinds.finished(), { from: options.from, count })
  return replayPlan(fleet.stream.streamLabel, shards, options.from)
}

/**
 * Those that beat while they are watched, for half as long again as others would wait for them. A worker that stopped has no
 * row; only after a crash there is anybody to watch.
 */
async function livingWorkers({ members }: Fleet): Promise<readonly MemberRow[]> {
  const read = () => members.list({ consistent: true })
  const first = await read()
  if (first.length === 0) return []
  const observeMs = Math.max(...first.map(({ leaseDurationMs = 10_000 }) => leaseDurationMs)) * 1.5
  const signs = (before: readonly MemberRow[], now: readonly MemberRow[]) =>
    now.filter(({ id, beat }) => before.find((one) => one.id === id)?.beat !== beat).map(({ id }) => id)
  const { reading, alive } = await watchQuiet(read, signs, { observeMs, clock: systemClock })
  return reading.filter(({ id }) => alive.includes(id))
}

function tell(
  options: ReplayOptions,
  plan: ReplayPlan | undefined,
  outcome: Outcome,
  alive: readonly MemberRow[] = [],
): number {
  if (options.json)
    console.log(
      JSON.stringify({
        ...{ outcome, alive: alive.map(({ id, host }) => ({ id, host })) },
        ...(plan === undefined ? {} : { ...totalOf(plan), shards: plan.lines }),
      }),
    )
  else
    console.log(
      [...(outcome === 'planned' && plan ? [replayText(plan, options.from)] : []), wrapped(words(outcome, alive))].join(
        '\n',
      ),
    )
  return outcome === 'planned' || outcome === 'replayed' || outcome === 'nothing' ? exitCodes.ok : exitCodes.failed
}

function words(outcome: Outcome, alive: readonly MemberRow[]): string {
  const hosts = alive.map(({ host }) => host).join(', ')
  switch (outcome) {
    case 'planned':
      return `Nothing was changed.${alive.length === 0 ? '' : ` Stop the workers first (${hosts}).`} Without --dry-run it is done.`
    case 'replayed':
      return 'Done. Start the workers.'
    case 'nothing':
      return 'There is nothing to run again: from there on nothing is settled, or the stream no longer has it.'
    case 'declined':
      return 'Nothing was changed.'
    case 'alive':
      return `Nothing was changed: workers are alive (${hosts}). Stop them first.`
    case 'changed':
      return 'A worker has taken a shard meanwhile: stop the workers, and give the same command again.'
  }
}
