import { Database, isDataOperation } from './database.ts'
import type { ResolvedEmbeddedOptions } from './embedded-options.ts'
import { ServiceError } from './service-error.ts'
import { StreamCatalog } from './streams/stream-catalog.ts'
import type { StreamOperation } from './streams/stream-reader.ts'

const streamOperations: readonly string[] = ['ListStreams', 'DescribeStream', 'GetShardIterator', 'GetRecords']
const readsOnly = /^(?:Get|BatchGet|TransactGet|Query|Scan|Describe|List)/

/** Tables and streams together: one place that executes the operations of both services. */
export class Engine {
  readonly database: Database
  readonly streams: StreamCatalog
  /** Called after every change of the state. */
  onChange: () => void = () => {}

  constructor({ clock, random, region, accountId, streams, faults, onStreamChange }: ResolvedEmbeddedOptions) {
    const changed = (streamArn: string) => {
      this.onChange() // shards come and go with time alone
      onStreamChange?.(streamArn)
    }
    this.streams = new StreamCatalog({ clock, random, region, accountId, onChange: changed, ...streams })
    this.database = new Database({ clock, random, region, accountId, streams: this.streams, faults })
  }

  execute(operation: string, input: object): object {
    if (isStreamOperation(operation)) return this.streams.execute(operation, input)
    if (!isDataOperation(operation)) throw unknownOperation(operation)
    const output = this.database.execute(operation, input)
    if (!readsOnly.test(operation)) this.onChange()
    return output
  }

  /** Does what changes the state without being an operation. */
  control<Result>(change: () => Result): Result {
    const result = change()
    this.onChange()
    return result
  }
}

/** Whether it is one of the operations of DynamoDB Streams. */
export function isStreamOperation(name: string): name is StreamOperation {
  return streamOperations.includes(name)
}

function unknownOperation(name: string): ServiceError {
  return new ServiceError('UnknownOperationException', `There is no operation '${name}', or it is not simulated`)
}
