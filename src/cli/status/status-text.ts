import { columns, fit, paint, spanText, tableText, wrapped } from '../screen.ts'
import type { FleetView, ShardView } from './fleet-view.ts'
import { problemsOf } from './problems.ts'
import { shardTree } from './shard-tree.ts'

/** Makes a part of what is shown; none where there is nothing to say. */
export type Section = (view: FleetView, all: boolean) => string | undefined

/** What is shown, from top to bottom. */
const sections: readonly Section[] = [
  headline,
  pauseSection,
  shardSection,
  workerSection,
  heldUpSection,
  parkedSection,
  problemSection,
]

/** A fleet on a screen of 80 columns. */
export function statusText(view: FleetView, all: boolean): string {
  return sections.flatMap((section) => section(view, all) ?? []).join('\n\n')
}

function headline({ consumer, table, streamLabel, lagMs, trimInMs }: FleetView): string {
  const lag = lagMs === undefined ? 'its lag is not known' : lagMs === 0 ? 'caught up' : `lag ${spanText(lagMs)}`
  const trim = trimInMs === undefined ? '' : `, first change trimmed in ${spanText(trimInMs)}`
  return `${paint('bold', `${consumer} on ${table}`)}: ${lag}${trim}\nstream ${streamLabel}`
}

function pauseSection({ paused }: FleetView): string | undefined {
  if (paused === undefined) return undefined
  const text = `PAUSED since ${new Date(paused.pausedAt).toISOString()} by ${paused.by}; "tidemark resume" ends it`
  return paint('yellow', wrapped(text))
}

function shardSection({ shards, workers }: FleetView, all: boolean): string | undefined {
  const tree = shardTree(shards, all)
  if (tree.length === 0) return undefined
  const hosts = new Map(workers.map(({ id, host }) => [id, host]))
  const rows = tree.map(({ shard, branch }) => [
    `${branch}${shortShard(shard.shardId)}`,
    shard.state,
    shard.lagMs === undefined ? '-' : shard.lagMs === 0 ? 'none' : spanText(shard.lagMs),
    shard.trimInMs === undefined ? '-' : spanText(shard.trimInMs),
    shard.epoch === undefined ? '-' : String(shard.epoch),
    shard.owner === undefined ? '-' : (hosts.get(shard.owner) ?? shard.owner),
  ])
  const hidden = shards.length - tree.length
  const rest = hidden === 0 ? '' : `\n${hidden} more that are finished: --all shows them`
  const table = tableText([['SHARD', 'STATE', 'LAG', 'TRIM IN', 'EPOCH', 'OWNER'], ...rows])
  return `${table}${rest}${gapLines(shards)}`
}

/** Without what all ids of a stream begin with: 22 characters instead of 37. `--json` has them whole. */
function shortShard(shardId: string): string {
  return shardId.replace(/^shardId-0*/, '')
}

function gapLines(shards: readonly ShardView[]): string {
  return shards
    .flatMap(({ shardId, gap }) => {
      if (gap === undefined) return []
      const where = gap.after === undefined ? '' : ` behind ${gap.after}`
      const what = gap.kind === 'trimmed' ? `changes were lost${where}` : 'the shard is gone'
      const text = `${shortShard(shardId)}: ${what}, found ${new Date(gap.foundAt).toISOString()}`
      return [`\n${paint('red', fit(text, columns()))}`]
    })
    .join('')
}

function workerSection({ workers }: FleetView): string {
  if (workers.length === 0) return 'no workers'
  const rows = workers.map(({ host, id, shardCount, silentMs, alive, leaving }) => [
    host === '' ? id : host,
    alive ? (leaving ? 'leaving' : 'alive') : 'silent',
    String(shardCount),
    silentMs === undefined ? '-' : silentMs < 1_500 ? 'just now' : `${spanText(silentMs)} ago`,
  ])
  return tableText([['WORKER', 'STATE', 'SHARDS', 'LAST BEAT'], ...rows])
}

const mostListed = 10

function heldUpSection({ heldUp }: FleetView): string | undefined {
  if (heldUp.length === 0) return undefined
  const rows = heldUp
    .slice(0, mostListed)
    .map(({ key, sinceMs, waitingCount, eventId }) => [
      fit(key, 32),
      sinceMs === undefined ? '-' : spanText(sinceMs),
      String(waitingCount),
      eventId ?? '-',
    ])
  const rest = heldUp.length > mostListed ? `\nand ${heldUp.length - mostListed} more: --json lists them` : ''
  return `${tableText([['HELD UP', 'FOR', 'WAITING', 'AT EVENT'], ...rows])}${rest}`
}

function parkedSection({ parked }: FleetView): string | undefined {
  if (parked.length === 0) return undefined
  const rows = parked
    .slice(0, mostListed)
    .map(({ laneId, key, sinceMs, recordCount, error }) => [
      ...[laneId.slice(0, 8), String(recordCount), spanText(sinceMs), fit(key, 24), error ?? '-'],
    ])
  const rest = parked.length > mostListed ? `\nand ${parked.length - mostListed} more: "tidemark parked list"` : ''
  return `${tableText([['PARKED', 'RECORDS', 'SINCE', 'ITEM', 'ERROR'], ...rows])}${rest}`
}

function problemSection(view: FleetView): string | undefined {
  const problems = problemsOf(view)
  if (problems.length === 0) return undefined
  return problems.map((problem) => paint('yellow', wrapped(`! ${problem}`))).join('\n')
}
