import { type Fields, flagField, missing, requiredStructure, textField } from '../fields.ts'
import type { Item } from '../item.ts'
import { validationError } from '../service-error.ts'
import type { Store } from '../table/store.ts'
import type { Table } from '../table/table.ts'
import { existing } from './table-operations.ts'

// A stamp that old is more likely a mistake than a wish; the service leaves such items alone.
const oldestMs = 5 * 365.25 * 24 * 3_600_000

export function describeTimeToLive(store: Store, fields: Fields): object {
  const { timeToLive } = existing(store, fields)
  return {
    TimeToLiveDescription:
      timeToLive === undefined
        ? { TimeToLiveStatus: 'DISABLED' }
        : { TimeToLiveStatus: 'ENABLED', AttributeName: timeToLive },
  }
}

export function updateTimeToLive(store: Store, fields: Fields): object {
  const specification = requiredStructure(fields, 'TimeToLiveSpecification')
  const name = textField(specification, 'AttributeName')
  if (name === undefined) throw missing('timeToLiveSpecification.attributeName')
  if ((specification['Enabled'] ?? undefined) === undefined) throw missing('timeToLiveSpecification.enabled')
  const isEnabled = flagField(specification, 'Enabled')
  const table = existing(store, fields)
  assertChange(table, isEnabled, name)
  table.timeToLive = isEnabled ? name : undefined
  return { TimeToLiveSpecification: { Enabled: isEnabled, AttributeName: name } }
}

function assertChange({ timeToLive }: Table, isEnabled: boolean, name: string): void {
  if (isEnabled === (timeToLive !== undefined))
    throw validationError(`TimeToLive is already ${isEnabled ? 'enabled' : 'disabled'}`)
  if (timeToLive !== undefined && timeToLive !== name)
    throw validationError('TimeToLive is active on a different AttributeName')
}

/** Deletes what has expired, as the service does in the background, and says how many items that were. */
export function sweepTimeToLive(store: Store): number {
  const now = store.setting.clock.now()
  let count = 0
  for (const table of store.tables.values()) {
    const { timeToLive } = table
    if (timeToLive === undefined) continue
    const rows = table.rows.inScanOrder().flatMap((group) => group.rows)
    const expired = rows.filter(({ item }) => hasExpired(item, timeToLive, now))
    for (const row of expired) store.write(table, row, undefined, true)
    count += expired.length
  }
  return count
}

function hasExpired(item: Item, attribute: string, now: number): boolean {
  const value = item[attribute]
  if (value === undefined || !('N' in value)) return false
  const at = Number(value.N) * 1000
  return at < now && at > now - oldestMs
}
