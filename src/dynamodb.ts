export { dynamodbLedger, type DynamoDBLedgerOptions } from './ledger/dynamodb-ledger.ts'
export type { DynamoDBSender } from './ledger/dynamodb-requests.ts'
export { createTidemarkTable, type TidemarkTableOptions } from './ledger/dynamodb-table.ts'
