import {
  type EmbeddedDynamoDBOptions,
  resolveEmbeddedOptions,
  type ResolvedEmbeddedOptions,
} from './embedded-options.ts'
import { Engine } from './engine.ts'
import { type EmbeddedServer, type ListenOptions, startServer } from './http/server.ts'
import { copyOf } from './map-leaves.ts'
import { StateFile } from './persistence/state-file.ts'
import { type SdkCommand, operationOf } from './sdk-command.ts'
import { ServiceError } from './service-error.ts'
import type { ShardFacts, StreamFacts } from './streams/stream-facts.ts'
import type { StreamOptions } from './streams/stream-options.ts'

export type { EmbeddedDynamoDBOptions } from './embedded-options.ts'
export type { EmbeddedServer, ListenOptions } from './http/server.ts'
export type { SdkCommand } from './sdk-command.ts'
export type { ShardFacts, StreamFacts } from './streams/stream-facts.ts'
export type { StreamOptions } from './streams/stream-options.ts'
export type { DatabaseFaults } from './table/faults.ts'

/** What the SDK puts beside every output. */
export interface ResponseMetadata {
  readonly httpStatusCode: number
  readonly requestId: string
  readonly attempts: number
  readonly totalRetryDelay: number
}

/** Which records `trimStream` forgets. */
export interface TrimOptions {
  /** @default every shard */
  readonly shardId?: string
  /** Only those with smaller sequence numbers. @default all */
  readonly before?: string
}

/** DynamoDB with Streams in this process. */
export interface EmbeddedDynamoDB {
  /**
   * Takes the commands of the SDK's `DynamoDBClient` and `DynamoDBStreamsClient`, without sockets and serialization: give it
   * to code where it expects a client whose `send` it calls. It has nothing else of a client; for what builds on one
   * (`DynamoDBDocumentClient`, paginators, waiters) use {@link listen}. The operation is over when the call returns, before
   * the promise resolves. It rejects with errors of the service's names and fields, on which `instanceof` the SDK's
   * exceptions works. What comes in and goes out is copied: the caller may change it.
   */
  send<Output>(command: SdkCommand<Output>): Promise<Output>
  /**
   * Executes an operation by its name, `PutItem` or `GetRecords`, at once. Inputs and outputs are as those of the SDK's
   * commands. For speed the output shares values with the store: don't change it.
   *
   * @throws an error with the service's name, message and fields.
   */
  execute(operation: string, input: object): object
  /**
   * Serves both services' HTTP protocol on the loopback interface: to the SDK's own clients, to the AWS CLI, to any other
   * language. Requests have to be signed, as the service's, but with any credentials.
   */
  listen(options?: ListenOptions): Promise<EmbeddedServer>
  /**
   * Closes a shard of the table's latest stream, by default one with the widest range of keys, and divides its range
   * between two children, whose ids it returns. Here as in the next ones a stream's ARN will do for a table's name.
   */
  splitShard(tableName: string, shardId?: string): string[]
  /** Closes every open shard of the table's latest stream, each with one child to go on. Returns the children's ids. */
  rollShards(tableName: string): string[]
  /** Forgets records of the table's latest stream before their time. Returns how many. */
  trimStream(tableName: string, options?: TrimOptions): number
  /** The shards of the table's latest stream as they are, which is more than `DescribeStream` tells and never late. */
  streamShards(tableName: string): readonly ShardFacts[]
  /** The table's latest stream as it is. */
  describeStream(tableName: string): StreamFacts
  /** Changes how all streams behave from now on. What is not given stays as it is. */
  configureStreams(options: Partial<StreamOptions>): void
  /**
   * Deletes the items that have expired, as time to live does, and says how many. Nothing expires by itself: the service
   * takes up to days, and a test wants to say when.
   */
  expireItems(): number
  /** Closes what `listen` opened and writes the file of `persistTo`; rejects when that fails. Calling it again does nothing more. */
  close(): Promise<void>
}

/**
 * Makes an empty DynamoDB in this process, or one with the state of the file `persistTo`.
 *
 * @throws ConfigurationError when an option is wrong, or the file can't be read.
 */
export function createEmbeddedDynamoDB(options: EmbeddedDynamoDBOptions = {}): EmbeddedDynamoDB {
  return new Embedded(resolveEmbeddedOptions(options))
}

class Embedded implements EmbeddedDynamoDB {
  readonly #engine: Engine
  readonly #region: string
  readonly #file: StateFile | undefined
  readonly #servers = new Set<EmbeddedServer>()
  #requests = 0

  constructor(options: ResolvedEmbeddedOptions) {
    this.#engine = new Engine(options)
    this.#region = options.region
    this.#file =
      options.persistTo === undefined ? undefined : new StateFile(options.persistTo, this.#engine, options.clock)
  }

  execute(operation: string, input: object): object {
    return this.#engine.execute(operation, input)
  }

  async send<Output>(command: SdkCommand<Output>): Promise<Output> {
    try {
      const output = this.#engine.execute(operationOf(command), command.input)
      return { $metadata: this.#metadata(), ...copyOf(output) } as Output // the output of this operation
    } catch (error) {
      throw error instanceof ServiceError ? copyOfError(error) : error
    }
  }

  async listen(options: ListenOptions = {}): Promise<EmbeddedServer> {
    const server = await startServer(this.#engine, this.#region, options)
    this.#servers.add(server)
    return server
  }

  splitShard(tableName: string, shardId?: string): string[] {
    return this.#engine.control(() => this.#engine.streams.split(tableName, shardId))
  }

  rollShards(tableName: string): string[] {
    return this.#engine.control(() => this.#engine.streams.roll(tableName))
  }

  trimStream(tableName: string, options: TrimOptions = {}): number {
    return this.#engine.control(() => this.#engine.streams.trim(tableName, options))
  }

  streamShards(tableName: string): readonly ShardFacts[] {
    return this.describeStream(tableName).shards
  }

  describeStream(tableName: string): StreamFacts {
    return this.#engine.streams.describe(tableName)
  }

  configureStreams(options: Partial<StreamOptions>): void {
    this.#engine.streams.configure(options)
  }

  expireItems(): number {
    return this.#engine.control(() => this.#engine.database.sweepTimeToLive())
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#servers, (server) => server.close()))
    this.#servers.clear()
    await this.#file?.close()
  }

  #metadata(): ResponseMetadata {
    this.#requests += 1
    return { httpStatusCode: 200, requestId: `embedded-${this.#requests}`, attempts: 1, totalRetryDelay: 0 }
  }
}

function copyOfError(error: ServiceError): ServiceError {
  const { Item, CancellationReasons } = error
  if (Item === undefined && CancellationReasons === undefined) return error
  const fields = { ...(Item && { Item }), ...(CancellationReasons && { CancellationReasons }) }
  return new ServiceError(error.name, error.message, copyOf(fields))
}
