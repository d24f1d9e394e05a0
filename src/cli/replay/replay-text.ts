import { tableText, wrapped } from '../screen.ts'
import type { ReplayFrom } from './replay-from.ts'
import type { ReplayPlan } from './replay-plan.ts'

/** All shards of a plan together. */
export interface ReplayTotal {
  readonly deliveredCount: number
  readonly filteredCount: number
  readonly absorbedCount: number
  /** What is left: handlers run for these. */
  readonly runCount: number
}

/** Adds up a plan. */
export function totalOf({ lines }: ReplayPlan): ReplayTotal {
  const total = (pick: 'delivered' | 'filtered' | 'absorbed') => lines.reduce((sum, { again }) => sum + again[pick], 0)
  const [deliveredCount, filteredCount, absorbedCount] = [total('delivered'), total('filtered'), total('absorbed')]
  return { deliveredCount, filteredCount, absorbedCount, runCount: deliveredCount - filteredCount - absorbedCount }
}

/** A plan for a person. */
export function replayText(plan: ReplayPlan, from: ReplayFrom): string {
  const { deliveredCount, filteredCount, absorbedCount, runCount } = totalOf(plan)
  const rows = plan.lines.map(({ shardId, action, again }) => [
    shardId.replace(/^shardId-0*/, ''),
    action === 'rewind'
      ? from.kind === 'trim-horizon'
        ? 'back to its horizon'
        : 'goes back'
      : 'anew, behind its parent',
    count(again.delivered),
  ])
  const parts = [
    `${count(deliveredCount)} settled changes would be handed out again`,
    ...(filteredCount > 0 ? [`${count(filteredCount)} of them filtered`] : []),
    `${count(absorbedCount)} absorbed by the ledger`,
    `${count(runCount)} would run`,
  ]
  return `${tableText([['SHARD', 'WHAT', 'AGAIN'], ...rows])}\n\n${wrapped(`${parts.join(', ')}.`)}`
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
