export {
  processFailureDocument,
  type FailureDocumentOutcome,
  type ProcessFailureDocumentOptions,
} from './consumer/process-failure-document.ts'
export type { DeadLetter, DeadLetterSink } from './parking/dead-letter.ts'
export type { DeadLetterDocument, StoredAt } from './parking/dead-letter-document.ts'
export type { CauseDescription, ErrorDescription } from './parking/error-description.ts'
export {
  eventBridgeSink,
  type EventBridgeSender,
  type EventBridgeSinkOptions,
} from './parking/sinks/event-bridge-sink.ts'
export type { MessageOptions } from './parking/sinks/message.ts'
export { s3Sink, type S3Putter, type S3Sink, type S3SinkOptions } from './parking/sinks/s3-sink.ts'
export { snsSink, type SnsSender, type SnsSinkOptions } from './parking/sinks/sns-sink.ts'
export { sqsSink, type SqsSender, type SqsSinkOptions } from './parking/sinks/sqs-sink.ts'
export type { Batch, RawRecord } from './source/source.ts'
export { readFailureDocument, type FailureDocumentOptions, type S3Getter } from './source/failed-records.ts'
