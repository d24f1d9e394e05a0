import type { ExportLine } from '../../leases/kcl/export-plan.ts'
import type { ImportLine } from '../../leases/kcl/import-plan.ts'
import type { KclPosition } from '../../leases/kcl/kcl-position.ts'
import type { TransferReport } from '../../leases/kcl/transfer.ts'
import { aligned } from '../screen.ts'
import type { LeasesOptions } from './leases-command.ts'

/** A report as it is printed. */
export type LeasesReport =
  | { readonly direction: 'import'; readonly report: TransferReport<ImportLine> }
  | { readonly direction: 'export'; readonly report: TransferReport<ExportLine> }

/** The plan as a table, what is worth knowing, and what to do next. */
export function planText({ direction, report }: LeasesReport, options: LeasesOptions, commandLine: string): string {
  const rows =
    direction === 'import'
      ? [['shard', 'KCL is at', 'here'], ...report.lines.map(importRow)]
      : [['shard', 'KCL row', 'checkpoint', 'repeated'], ...report.lines.map(exportRow)]
  return [
    ...(report.lines.length === 0 ? [] : [ruled(rows), '']),
    ...report.remarks.map((remark) => `note: ${remark}`),
    ...report.refusals.map((refusal) => `refused: ${refusal}`),
    ...(report.remarks.length + report.refusals.length === 0 ? [] : ['']),
    ...next(direction, report, options, commandLine),
  ].join('\n')
}

function importRow({ shardId, action, position, present }: ImportLine): string[] {
  return [shardId, positionText(position), present ? `${importWords[action]} (there already)` : importWords[action]]
}

const importWords = {
  create: 'a lease that goes on from there',
  finish: 'noted as finished',
  wait: 'nothing yet: a lease when its parent is finished',
} as const

function positionText(position: KclPosition): string {
  if (position.at === 'record') return position.after
  return position.at === 'start' ? position.startAt : position.at === 'end' ? 'SHARD_END' : 'unreadable'
}

function exportRow({ shardId, action, checkpoint, repeatCount }: ExportLine): string[] {
  return [shardId, exportWords[action], checkpoint, repeatCount === 0 ? '' : `${repeatCount} records`]
}

const exportWords = { create: 'new', update: 'updated', keep: 'stays', same: 'as it should be' } as const

function ruled(rows: readonly (readonly string[])[]): string {
  const lines = aligned(rows)
  const rule = '─'.repeat(Math.max(...lines.map(({ length }) => length)))
  return [lines[0] ?? '', rule, ...lines.slice(1)].join('\n')
}

function next(
  direction: LeasesReport['direction'],
  { status, writtenCount }: LeasesReport['report'],
  { table, coordinationTable, consumer }: LeasesOptions,
  commandLine: string,
): string[] {
  if (status === 'refused')
    return [
      writtenCount === 0 ? 'Nothing was changed.' : `${writtenCount} rows were written. The same command completes it.`,
    ]
  if (status === 'planned') return ['Nothing was changed. To do it:', '', `  ${commandLine} --apply`]
  if (direction === 'export')
    return [
      `${writtenCount} rows written. Next: start KCL's fleet, and do not start consumer '${consumer}' again: each change`,
      'would be handled by both.',
    ]
  return [
    `${writtenCount} rows written. Next: start the workers, and do not start KCL's fleet again: each change would be`,
    'handled by both.',
    '',
    `  npx tidemark run ./consumer.ts --table ${table} --coordination-table ${coordinationTable}`,
    '',
    'The way back: stop the workers, then tidemark leases export with the same options.',
  ]
}
