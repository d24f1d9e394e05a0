export {
  startDynamoDBLocal,
  dynamoDBLocalMissing,
  type DynamoDBLocal,
  type DynamoDBLocalOptions,
} from './testing/dynamodb-local.ts'
export * from './testing/event-source-mapping.ts'
export { createFunctionProcess, type FunctionProcess, type FunctionProcessOptions } from './testing/function-process.ts'
export { ledgerConformance, type ConformanceCase, type LedgerSubject } from './testing/ledger-conformance.ts'
export { createManualClock, type ManualClock } from './testing/manual-clock.ts'
export { meter, type Meter, type MeterableClient, type OperationUsage, type Usage } from './testing/capacity-meter.ts'
export { itemSize } from './testing/item-size.ts'
