import { fork } from 'node:child_process'
import { startDynamoDBLocal, type DynamoDBLocal } from '../../src/testing.ts'
import { killAtExit } from '../../src/testing/kill-at-exit.ts'
import type { EngineNews, EngineOrder, EngineSettings } from './engine-program.ts'

export type EngineKind = 'embedded' | 'dynamodb-local'

/** What plays DynamoDB, in a process of its own. */
export interface EngineProcess {
  readonly port: number
  readonly clientConfig: DynamoDBLocal['clientConfig']
  /** Begins to close shards. DynamoDB Local can't: it opens one shard for each stream and closes it after four hours. */
  reshard(tableNames: readonly string[], everyMs: number): void
  /** Closes no more shards. */
  rest(): void
  /** How often shards were closed. */
  readonly reshardCount: number
  stop(): Promise<void>
}

/** Starts it. @param program The engine's program, for the embedded one. */
export function startEngine(kind: EngineKind, program: string, settings: EngineSettings): Promise<EngineProcess> {
  return kind === 'embedded' ? startEmbedded(program, settings) : startLocal()
}

async function startLocal(): Promise<EngineProcess> {
  const { port, clientConfig, stop } = await startDynamoDBLocal().then((server) => ({
    port: server.port,
    clientConfig: server.clientConfig,
    stop: () => server.stop(),
  }))
  return { port, clientConfig, stop, reshard() {}, rest() {}, reshardCount: 0 }
}

async function startEmbedded(program: string, settings: EngineSettings): Promise<EngineProcess> {
  const child = fork(program, [JSON.stringify(settings)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  killAtExit(child)
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let reshardCount = 0
  const listening = await new Promise<Extract<EngineNews, { news: 'listening' }>>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the engine ended with ${code}`)))
    child.on('message', (news: EngineNews) => {
      if (news.news === 'listening') resolve(news)
      else reshardCount = news.count
    })
  })
  const tell = (order: EngineOrder) => child.connected && child.send(order)
  return {
    port: listening.port,
    clientConfig: listening.clientConfig as DynamoDBLocal['clientConfig'],
    reshard: (tableNames, everyMs) => void tell({ order: 'reshard', tableNames, everyMs }),
    rest: () => void tell({ order: 'rest' }),
    get reshardCount() {
      return reshardCount
    },
    async stop() {
      child.kill('SIGKILL')
      await gone
    },
  }
}
