export { createConsumer } from './consumer/create-consumer.ts'
export type { BatchOutcome, Consumer } from './consumer/consumer.ts'
export type { StoppedRecord } from './consumer/report.ts'
export type { TimeLimits } from './consumer/batch-time.ts'
export type { ConsumerOptions, Identity, Select, SelectedRecord } from './consumer/options.ts'
export {
  BatchIncompleteError,
  CircuitOpenError,
  ConditionFailedError,
  ConfigurationError,
  CoordinationError,
  DeadlineError,
  DecodeError,
  EncodeError,
  isTidemarkError,
  LeaseLostError,
  LedgerError,
  ParkingFullError,
  RecordsGoneError,
  RetryableError,
  SchemaError,
  TerminalError,
  TidemarkError,
  TransactionError,
  UncertainOutcomeError,
  type ErrorCode,
  type RetryableErrorOptions,
  type SchemaComplaint,
} from './errors.ts'
export type { Handler, HandlerContext } from './handler/handler.ts'
export type { RetryPolicy } from './handler/retry-policy.ts'
export type { RecordSchemas, StandardSchema } from './handler/schema.ts'
export type { Clock, Random } from './internal/clock.ts'
export type {
  Claim,
  ClaimOutcome,
  Completion,
  Ledger,
  LedgerBatch,
  LedgerEntry,
  LedgerSession,
  LedgerShard,
  ShardLedger,
} from './ledger/ledger.ts'
export { memoryLedger, type MemoryLedgerOptions } from './ledger/memory-ledger.ts'
export type { RedriveOptions, RedriveReport, RedriveStop, RedrivenLane } from './consumer/redrive.ts'
export type { DeadLetter, DeadLetterSink } from './parking/dead-letter.ts'
export type { CauseDescription, ErrorDescription } from './parking/error-description.ts'
export type { LaneName } from './parking/lane-name.ts'
export type { ParkingOptions } from './parking/options.ts'
export { ParkedRecords } from './parking/parked-records.ts'
export type { ParkedAnswer, ParkedLane, ParkedRecordsOptions } from './parking/parked-records.ts'
export type {
  Fate,
  HeldLane,
  LaneState,
  NotedAttempts,
  ParkAnswer,
  ParkCondition,
  ParkedRecord,
  ParkingLot,
  PastRecord,
  ShardFence,
} from './parking/parking-lot.ts'
export type {
  ChangeRecord,
  EventName,
  InsertRecord,
  Item,
  ModifyRecord,
  RemoveRecord,
  StreamViewType,
  Value,
} from './record/record.ts'
export type { NumberMode } from './record/number.ts'
export { compareSequenceNumbers, type SequenceNumber } from './record/sequence-number.ts'
export type { FilterPattern } from './select/pattern.ts'
export type { Batch, RawChange, RawRecord } from './source/source.ts'
export type { Settlement } from './checkpoint/settlement.ts'
export type { Messages, RecordMessage } from './telemetry/channels.ts'
export { silentLogger, type Logger, type LogFields } from './telemetry/log.ts'
