import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync } from 'node:fs'
import { inspect } from 'node:util'
import type { LogFields, Logger } from '../../src/index.ts'
import { createWorker } from '../../src/worker.ts'
import { isBank, type EffectMode } from './effects.ts'
import { createFleetConsumer } from './fleet-consumer.ts'
import { JournalWriter, noteStall, watchStalls } from './journal.ts'
import { monotonicMs } from './monotonic.ts'
import type { PostgresAddress } from './postgres-bank.ts'
import { noteTally } from './tallies.ts'
import { noteTenures } from './tenures.ts'
import { coordinationTableName } from './tables.ts'
import { Trap } from './trap.ts'

// One worker of the fleet: started by the test, and ended by it in one way or another.

/** How the process is started: JSON in its first argument. */
export interface WorkerSettings {
  readonly name: string
  /** The proxy's, not the engine's. */
  readonly endpoint: string
  readonly clientConfig: object
  readonly tableNames: readonly string[]
  readonly mode: EffectMode
  readonly journalPath: string
  readonly logPath: string
  readonly tenuresPath: string
  readonly talliesPath: string
  /** Of accounts in PostgreSQL; the port is a proxy's, not the server's. */
  readonly postgres?: PostgresAddress
  readonly stallsPath: string
  readonly stallMs: number
  readonly leaseDurationMs: number
  readonly checkpointIntervalMs: number
  readonly handlerMs: number
  readonly poisonEvery: number
  /** Of the SDK's clients; 0, as by default, is none: then a connection that is half open is waited on for ever. */
  readonly requestTimeoutMs: number
}

/** What the process is told. `stopInHandlerBefore`: see {@link Trap}. */
export type WorkerOrder = 'stop' | { readonly stopInHandlerBefore: number }

const settings = JSON.parse(process.argv[2] ?? '{}') as WorkerSettings
const log = (level: string) => (message: string, fields?: object) =>
  appendFileSync(
    settings.logPath,
    `${monotonicMs().toFixed(1)} ${level} ${message} ${inspect(fields, { breakLength: Infinity, depth: 5 })}\n`,
  )
const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
const config = {
  ...settings.clientConfig,
  endpoint: settings.endpoint,
  requestHandler:
    settings.requestTimeoutMs === 0 ? {} : { requestTimeout: settings.requestTimeoutMs, throwOnRequestTimeout: true },
}
const dynamodb = new DynamoDBClient(config)
const streams = new DynamoDBStreamsClient(config)
const journal = new JournalWriter(settings.journalPath, settings.name)
const trap = new Trap()

const { mode, handlerMs, poisonEvery, tableNames, leaseDurationMs, checkpointIntervalMs } = settings
const { consumer, close } = createFleetConsumer({
  ...{ mode, journal, client: dynamodb, worker: settings.name, handlerMs, trap, poisonEvery, logger },
  ...(settings.postgres && { postgres: settings.postgres }),
})
const create = () =>
  createWorker(consumer, {
    tableName: [...tableNames],
    dynamodb,
    streams,
    coordinationTableName,
    leaseDurationMs,
    checkpointIntervalMs,
    logger,
  })
let worker = create()
let isStopping = false

for (const name of [
  'tidemark:lease:acquired',
  'tidemark:lease:released',
  'tidemark:lease:lost',
  'tidemark:shard:finished',
  'tidemark:commit:refused',
])
  subscribe(name, (message) => logger.debug(name, message as LogFields))
subscribe('tidemark:worker:lapsed', () => {
  const to = monotonicMs()
  noteStall(settings.stallsPath, { kind: 'lapse', who: settings.name, from: to - leaseDurationMs, to })
})

async function stop(): Promise<void> {
  logger.info('asked to stop', {})
  isStopping = true
  await worker.stop()
  await close()
  logger.info('stopped', {})
  journal.close()
  dynamodb.destroy()
  streams.destroy()
  process.disconnect() // nothing else must keep the process alive: a timer or a socket left behind shows as one that hangs
}

process.on('message', (order: WorkerOrder) => (order === 'stop' ? void stop() : trap.set(order.stopInHandlerBefore)))
process.on('disconnect', () => setTimeout(() => process.exit(3), 10_000).unref())
noteTenures(settings.tenuresPath, settings.name)
if (isBank(mode)) noteTally(settings.talliesPath)
watchStalls(settings.stallsPath, settings.name, settings.stallMs)
await start()

/** As a supervisor would: a worker that can't start, since the service is out of reach, is tried again. */
async function start(): Promise<void> {
  for (;;) {
    try {
      await worker.start()
      break
    } catch (error) {
      logger.error('could not start', { error })
      await new Promise((resolve) => setTimeout(resolve, 500))
      if (isStopping) return
      worker = create()
    }
  }
  if (process.connected) process.send?.('started')
}
