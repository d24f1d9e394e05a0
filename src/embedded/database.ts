import { batchGetItem } from './operations/batch-get-item.ts'
import { batchWriteItem } from './operations/batch-write-item.ts'
import { getItem } from './operations/get-item.ts'
import { query } from './operations/query.ts'
import { scan } from './operations/scan.ts'
import { deleteItem, putItem, updateItem } from './operations/single-write.ts'
import { createTable, deleteTable, describe, listTables } from './operations/table-operations.ts'
import { describeTimeToLive, sweepTimeToLive, updateTimeToLive } from './operations/time-to-live.ts'
import { transactGetItems } from './operations/transact-get-items.ts'
import { transactWriteItems } from './operations/transact-write-items.ts'
import { updateTable } from './operations/update-table.ts'
import { type Fields, isFields } from './fields.ts'
import { ServiceError } from './service-error.ts'
import { type DatabaseState, loadState, saveState } from './table/state.ts'
import { Store, type StoreSetting } from './table/store.ts'

/** The operations on tables and items, by DynamoDB's names. */
export type DataOperation =
  | 'CreateTable'
  | 'DescribeTable'
  | 'DeleteTable'
  | 'ListTables'
  | 'UpdateTable'
  | 'DescribeTimeToLive'
  | 'UpdateTimeToLive'
  | 'PutItem'
  | 'GetItem'
  | 'UpdateItem'
  | 'DeleteItem'
  | 'Query'
  | 'Scan'
  | 'BatchGetItem'
  | 'BatchWriteItem'
  | 'TransactWriteItems'
  | 'TransactGetItems'

const operations: { readonly [Name in DataOperation]: (store: Store, fields: Fields) => object } = {
  CreateTable: createTable,
  DescribeTable: describe,
  DeleteTable: deleteTable,
  ListTables: listTables,
  UpdateTable: updateTable,
  DescribeTimeToLive: describeTimeToLive,
  UpdateTimeToLive: updateTimeToLive,
  PutItem: putItem,
  GetItem: getItem,
  UpdateItem: updateItem,
  DeleteItem: deleteItem,
  Query: query,
  Scan: scan,
  BatchGetItem: batchGetItem,
  BatchWriteItem: batchWriteItem,
  TransactWriteItems: transactWriteItems,
  TransactGetItems: transactGetItems,
}

export function isDataOperation(name: string): name is DataOperation {
  return Object.hasOwn(operations, name)
}

/**
 * Tables and items in memory. An operation takes and gives what the AWS SDK does, binary as `Uint8Array` and times as
 * `Date`, and is over when the call returns.
 */
export class Database {
  readonly #store: Store

  constructor(setting: StoreSetting) {
    this.#store = new Store(setting)
  }

  /** @throws ServiceError with the service's names and messages. */
  execute(operation: DataOperation, input: object): object {
    if (!isFields(input))
      throw new ServiceError('SerializationException', 'Start of structure or map found where not expected.')
    return operations[operation](this.#store, input)
  }

  /** Deletes what has expired by now, as time to live does, and says how many items that were. */
  sweepTimeToLive(): number {
    return sweepTimeToLive(this.#store)
  }

  /** Everything that it holds, for a file. Streams keep their own state. */
  save(): DatabaseState {
    return saveState(this.#store)
  }

  /** Takes what another has saved. To be called before anything else. */
  load(state: DatabaseState): void {
    loadState(this.#store, state)
  }
}
