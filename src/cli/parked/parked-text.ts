import type { ErrorDescription } from '../../parking/error-description.ts'
import type { ParkedLane } from '../../parking/parked-records.ts'
import type { ParkedRecord } from '../../parking/parking-lot.ts'
import { itemKeyText } from '../item-key-text.ts'
import { columns, fit, spanText, tableText } from '../screen.ts'

/** The parked lanes of a consumer, a line each. */
export function lanesText(consumer: string, lanes: readonly ParkedLane[], now: number): string {
  if (lanes.length === 0) return `${consumer}: nothing is parked`
  // Of one table, as nearly always, its name would only take the place of the error.
  const areOfSeveral = new Set(lanes.map(({ tableName }) => tableName)).size > 1
  const rows = lanes.map(({ laneId, tableName, laneKey, recordCount, parkedAt, error }) => [
    ...[laneId.slice(0, 8), String(recordCount), spanText(now - parkedAt)],
    ...(areOfSeveral ? [fit(tableName, 20)] : []),
    fit(itemKeyText(laneKey), 24),
    error === undefined ? '' : `${error.name}: ${error.message}`,
  ])
  const table = areOfSeveral ? ['TABLE'] : []
  return tableText([['LANE', 'RECORDS', 'SINCE', ...table, 'ITEM', 'ERROR'], ...rows])
}

/** The records of a lane in its order, with why each is there. */
export function recordsText(records: readonly ParkedRecord[], now: number): string {
  return records.map((record) => recordText(record, now)).join('\n')
}

function recordText({ eventId, record, attempts, parkedAt, error, editedAt }: ParkedRecord, now: number): string {
  const edited = editedAt === undefined ? '' : ', edited'
  const head = `${eventId}  ${String(record.eventName)}, parked ${spanText(now - parkedAt)} ago, ${attempts} attempts${edited}`
  const why = error === undefined ? 'waits for those before it' : `${error.name}: ${error.message}`
  return `${fit(head, columns())}\n  ${fit(why, columns() - 2)}`
}

/** One record with the whole of its error, and as JSON. */
export function wholeRecordText(record: ParkedRecord): string {
  const { eventId, laneKey, attempts, firstFailedAt, parkedAt, host, error, idempotencyKey } = record
  const at = (ms: number) => new Date(ms).toISOString()
  const facts = [
    ['record', eventId],
    ['item', itemKeyText(laneKey)],
    ['idempotency key', idempotencyKey],
    ['attempts', String(attempts)],
    ...(firstFailedAt === undefined ? [] : [['first failed', at(firstFailedAt)]]),
    ['parked', `${at(parkedAt)} by ${host}`],
  ]
  const shown = JSON.stringify(record.record, undefined, 2)
  return [tableText(facts), '', ...(error === undefined ? [] : [errorDescriptionText(error), '']), shown].join('\n')
}

function errorDescriptionText({ causes, ...error }: ErrorDescription): string {
  const one = ({ name, message, stack }: Omit<ErrorDescription, 'causes'>) => harmless(stack ?? `${name}: ${message}`)
  return [one(error), ...causes.map((cause) => `caused by ${one(cause)}`)].join('\n')
}

/** Line by line, whole: what an error says must not steer the terminal. */
function harmless(text: string): string {
  return text
    .split('\n')
    .map((line) => fit(line, Infinity))
    .join('\n')
}
