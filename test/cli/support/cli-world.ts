import { CreateTableCommand, DeleteItemCommand, type AttributeValue, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { vi } from 'vitest'
import { createTidemarkTable } from '../../../src/dynamodb.ts'
import { createEmbeddedDynamoDB, type EmbeddedDynamoDB } from '../../../src/testing.ts'
import { CommandProject, type Running } from './command-project.ts'

// Each command is a process of its own, and a machine may be busy with other things.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 })

/** How a command ended. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly output: string
}

/** A user's project beside a DynamoDB over HTTP, with a table `orders` that has a stream and a table `tidemark`. */
export class CliWorld {
  readonly engine: EmbeddedDynamoDB
  readonly project: CommandProject
  readonly endpoint: string

  private constructor(engine: EmbeddedDynamoDB, project: CommandProject, endpoint: string) {
    this.engine = engine
    this.project = project
    this.endpoint = endpoint
  }

  static async create(): Promise<CliWorld> {
    const engine = createEmbeddedDynamoDB({ region: 'local' })
    const { endpoint } = await engine.listen()
    await engine.send(
      new CreateTableCommand({
        TableName: 'orders',
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      }),
    )
    await createTidemarkTable({ client: engine, tableName: 'tidemark' })
    const project = new CommandProject({
      ...{ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_REGION: 'local' },
      ...{ AWS_ENDPOINT_URL_DYNAMODB: endpoint, AWS_ENDPOINT_URL_DYNAMODB_STREAMS: endpoint },
    })
    return new CliWorld(engine, project, endpoint)
  }

  async put(id: string, attributes: Record<string, AttributeValue> = {}): Promise<void> {
    await this.engine.send(new PutItemCommand({ TableName: 'orders', Item: { id: { S: id }, ...attributes } }))
  }

  async remove(id: string): Promise<void> {
    await this.engine.send(new DeleteItemCommand({ TableName: 'orders', Key: { id: { S: id } } }))
  }

  start(...args: readonly string[]): Running {
    return this.project.start(...args)
  }

  /** Runs a command to its end. */
  async run(...args: readonly string[]): Promise<Ended> {
    const running = this.start(...args)
    const code = await running.ended()
    return { code, stdout: running.stdout(), output: running.output() }
  }

  /** Writes a module with the consumer `receipts`; `handler` is the body of its handler. */
  consumer(file: string, handler = '', more = ''): string {
    this.project.write(
      file,
      `import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createConsumer, silentLogger } from 'tidemark'
import { dynamodbLedger, dynamodbTransactionLedger } from 'tidemark/dynamodb'
export default createConsumer({ name: 'receipts', logger: silentLogger, retry: { maxAttempts: 1 }, ${more}
  handler: async (record) => { ${handler} } })`,
    )
    return `./${file}`
  }

  /** Starts a worker of the consumer in a process of its own; resolves when it reads. */
  async worker(file: string, ...options: readonly string[]): Promise<Running> {
    const worker = this.start('run', `./${file}`, '--table', 'orders', '--lease-duration', '4s', ...options)
    await worker.until(/ started /)
    return worker
  }

  async close(): Promise<void> {
    this.project.remove()
    await this.engine.close()
  }
}

/** The lines of an output as what they are in JSON. */
export function jsonLines(output: string): readonly Record<string, unknown>[] {
  const lines = output.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** Fails unless the text can be read at 80 columns, and without colour. */
export function assertPlain(text: string): void {
  for (const line of text.split('\n')) if (line.length > 80) throw new Error(`longer than 80 columns: ${line}`)
  if (text.includes('\u001B')) throw new Error(`has colours or moves the cursor: ${JSON.stringify(text)}`)
}
