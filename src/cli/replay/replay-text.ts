import { tableText, wrapped } from '../screen.ts'
import type { ReplayFrom } from './replay-from.ts'
import type { AgainCount, ReplayPlan } from './replay-plan.ts'

/** All shards of a plan together. */
export interface ReplayTotal {
  readonly deliveredCount: number
  readonly filteredCount: number
  readonly absorbedCount: number
  readonly parkedCount: number
  /** Of these the consumer's ledger can't say whether it absorbs them. */
  readonly untoldCount: number
  /** What is left: handlers run for these, but for those of the untold that are absorbed all the same. */
  readonly runCount: number
}

/** Adds up a plan. */
export function totalOf({ lines }: ReplayPlan): ReplayTotal {
  const total = (pick: keyof AgainCount) => lines.reduce((sum, { again }) => sum + again[pick], 0)
  const [deliveredCount, filteredCount, absorbedCount] = [total('delivered'), total('filtered'), total('absorbed')]
  const [parkedCount, untoldCount] = [total('parked'), total('untold')]
  const runCount = deliveredCount - filteredCount - absorbedCount - parkedCount
  return { deliveredCount, filteredCount, absorbedCount, parkedCount, untoldCount, runCount }
}

/** A plan for a person. */
export function replayText(plan: ReplayPlan, from: ReplayFrom): string {
  const { deliveredCount, filteredCount, absorbedCount, parkedCount, untoldCount, runCount } = totalOf(plan)
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
    ...(parkedCount > 0 ? [`${count(parkedCount)} parked, or queueing behind what is`] : []),
    untoldCount === 0
      ? `${count(runCount)} would run`
      : `${count(runCount)} would run at most: the consumer's ledger can't say of ${count(untoldCount)} whether it knows them`,
  ]
  return `${tableText([['SHARD', 'WHAT', 'AGAIN'], ...rows])}\n\n${wrapped(`${parts.join(', ')}.`)}`
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
