export {
  startDynamoDBLocal,
  dynamoDBLocalMissing,
  type DynamoDBLocal,
  type DynamoDBLocalOptions,
} from './testing/dynamodb-local.ts'
export {
  createEmbeddedDynamoDB,
  type DatabaseFaults,
  type EmbeddedDynamoDB,
  type EmbeddedDynamoDBOptions,
  type EmbeddedServer,
  type ListenOptions,
  type SdkCommand,
  type ShardFacts,
  type StreamFacts,
  type StreamOptions,
  type TrimOptions,
} from './embedded/embedded.ts'
export * from './testing/event-source-mapping.ts'
export { createFunctionProcess, type FunctionProcess, type FunctionProcessOptions } from './testing/function-process.ts'
export { ledgerConformance, type ConformanceCase, type LedgerSubject } from './testing/ledger-conformance.ts'
export { transactionConformance, type TransactionSubject } from './testing/transaction-conformance.ts'
export { createManualClock, type ManualClock } from './testing/manual-clock.ts'
export { meter, type Meter, type MeterableClient, type OperationUsage, type Usage } from './testing/capacity-meter.ts'
export { itemSize } from './record/item-size.ts'
