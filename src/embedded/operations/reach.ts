import { ServiceError } from '../service-error.ts'
import type { Item } from '../item.ts'
import type { CancellationReason } from './cancellation.ts'
import type { Store } from '../table/store.ts'
import type { Table } from '../table/table.ts'

const conflictMessage = 'Transaction is ongoing for the item'

/** Finds tables for an operation, which can be refused there as too much. */
export function throttledAs(operation: string): (store: Store, name: string) => Table {
  return (store, name) => {
    const table = store.table(name)
    if (store.faults.throttle?.(operation, name) === true) throw throttled(table)
    return table
  }
}

function throttled(table: Table): ServiceError {
  return table.definition.throughput === undefined
    ? new ServiceError(
        'ThrottlingException',
        'Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly. If exceptions persist, check if you have a hot key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html',
      )
    : new ServiceError(
        'ProvisionedThroughputExceededException',
        'The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.',
      )
}

/** Refuses a request about an item that is part of another transaction. */
export function assertFree(store: Store, operation: string, table: Table, key: Item): void {
  if (isBusy(store, operation, table, key)) throw new ServiceError('TransactionConflictException', conflictMessage)
}

export function isBusy(store: Store, operation: string, table: Table, key: Item): boolean {
  return store.faults.conflict?.(operation, table.name, key) === true
}

/** The cancellation reasons that stand for the same in a transaction. */
export const conflictReason: CancellationReason = { Code: 'TransactionConflict', Message: conflictMessage }

export function throttledReason(table: Table): CancellationReason {
  const { name, message } = throttled(table)
  const Code = name === 'ThrottlingException' ? 'ThrottlingError' : 'ProvisionedThroughputExceeded'
  return { Code, Message: message }
}
