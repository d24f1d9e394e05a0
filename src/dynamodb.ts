export { dynamodbLedger, type DynamoDBLedgerOptions } from './ledger/dynamodb/dynamodb-ledger.ts'
export {
  dynamodbProjection,
  type DynamoDBProjectionOptions,
  type TombstoneOptions,
} from './ledger/dynamodb/projection/dynamodb-projection.ts'
export type { ItemChanges, ItemProjection } from './ledger/dynamodb/projection/item.ts'
export { isTombstone } from './ledger/dynamodb/projection/note.ts'
export type { DynamoDBSender } from './ledger/dynamodb/requests.ts'
export { dynamodbParkingLot, type DynamoDBParkingLotOptions } from './parking/dynamodb/parking-lot.ts'
export { createTidemarkTable, type TidemarkTableOptions } from './ledger/dynamodb/table.ts'
export {
  dynamodbTransactionLedger,
  type DynamoDBTransactionLedgerOptions,
} from './ledger/dynamodb/transaction/dynamodb-transaction-ledger.ts'
export type { DynamoDBTransaction } from './ledger/dynamodb/transaction/transaction.ts'
export type { KeySchema } from './ledger/dynamodb/transaction/key-schemas.ts'
export type {
  AttributeTest,
  Comparable,
  ConditionOptions,
  ItemCondition,
  RawExpression,
} from './ledger/dynamodb/transaction/condition.ts'
export type { AttributeChanges, ItemUpdate } from './ledger/dynamodb/transaction/update.ts'
export { exactNumber, type ExactNumber } from './record/exact-number.ts'
export type { WritableItem, WritableValue } from './record/writable-value.ts'
