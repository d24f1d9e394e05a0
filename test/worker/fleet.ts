import { PutItemCommand } from '@aws-sdk/client-dynamodb'
import { createConsumer, silentLogger, type ConsumerOptions } from '../../src/index.ts'
import type { StreamOptions } from '../../src/testing.ts'
import { createTidemarkTable, createWorker, type Worker, type WorkerOptions } from '../../src/worker.ts'
import { answerWithin, StreamTable } from '../support/stream-table.ts'

/** What a worker of these tests handled. */
export interface Handled {
  readonly worker: string
  readonly key: string
  readonly value: string
  readonly eventId: string
}

/** A fleet of workers on an embedded engine, in a time that passes only when a test lets it. */
export class Fleet {
  readonly table: StreamTable
  readonly handled: Handled[] = []
  readonly #workers: Worker[] = []
  readonly #dead = new Set<string>()
  readonly #cutOff = new Set<string>()
  readonly #denied = new Set<string>()
  readonly #heldUpMs = new Map<string, number>()

  private constructor(table: StreamTable) {
    this.table = table
  }

  static async create(streams: Partial<StreamOptions> = {}): Promise<Fleet> {
    const table = await StreamTable.create(streams)
    const { engine: client, clock } = table
    await createTidemarkTable({ client, tableName: 'tidemark', clock })
    return new Fleet(table)
  }

  /** A worker that notes what it handles; it is stopped at the end of the test. */
  worker(
    name: string,
    { options = {}, consumer = {} }: { options?: Partial<WorkerOptions>; consumer?: Partial<ConsumerOptions> } = {},
  ): Worker {
    const { clock, random } = this.table
    const client = this.#client(name)
    const made = createConsumer({
      ...{ name: 'receipts', logger: silentLogger, clock, random, retry: { maxAttempts: 1 } },
      handler: ({ keys, eventId, newImage }) => {
        this.handled.push({ worker: name, key: String(keys['id']), value: String(newImage?.['value'] ?? ''), eventId })
      },
      ...consumer,
    })
    const worker = createWorker(made, {
      ...{ tableName: 'orders', dynamodb: client, streams: client, coordinationTableName: 'tidemark' },
      ...{ clock, random, logger: silentLogger, workerName: name, ...options },
    })
    this.#workers.push(worker)
    return worker
  }

  async start(worker: Worker): Promise<void> {
    await answerWithin(30_000, this.table.clock, worker.start())
  }

  async stop(worker: Worker): Promise<void> {
    await answerWithin(60_000, this.table.clock, worker.stop())
  }

  /** The worker's process dies: no answer ever reaches it again, and nothing it sends arrives. */
  kill(name: string): void {
    this.#dead.add(name)
  }

  /** What the worker asks of the stream is answered so much later. */
  holdUp(name: string, ms: number): void {
    this.#heldUpMs.set(name, ms)
  }

  /** From now on the worker may not read the stream. */
  deny(name: string): void {
    this.#denied.add(name)
  }

  /** Whether the worker's requests to the coordination table fail, as when the network is away. */
  cutOff(name: string, isCut: boolean): void {
    if (isCut) this.#cutOff.add(name)
    else this.#cutOff.delete(name)
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 50) await this.table.clock.advance(50)
  }

  async put(key: string, value: string): Promise<void> {
    const Item = { id: { S: key }, value: { S: value } }
    await this.table.engine.send(new PutItemCommand({ TableName: 'orders', Item }))
  }

  /** The values of an item in the order in which they were handled. */
  valuesOf(key: string): string[] {
    return this.handled.filter((one) => one.key === key).map(({ value }) => value)
  }

  async end(): Promise<void> {
    for (const worker of this.#workers) {
      const stopped = worker.stop()
      await Promise.race([stopped.catch(() => undefined), this.pass(120_000)])
    }
  }

  #client(name: string): never {
    const send = async (command: object): Promise<unknown> => {
      const heldUpMs = command.constructor.name === 'GetShardIteratorCommand' ? this.#heldUpMs.get(name) : undefined
      if (heldUpMs !== undefined) await this.table.clock.sleep(heldUpMs)
      if (this.#denied.has(name) && /Iterator|GetRecords/.test(command.constructor.name))
        throw Object.assign(new Error('not allowed'), { name: 'AccessDeniedException' })
      if (this.#cutOff.has(name) && /Item|Query|Write/.test(command.constructor.name))
        throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
      const isDead = () => this.#dead.has(name)
      if (isDead()) return new Promise<never>(() => {})
      return this.table.engine
        .send(command as never)
        .then((answer) => (isDead() ? new Promise<never>(() => {}) : answer))
    }
    return { send } as never
  }
}
