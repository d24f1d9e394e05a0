import { SeededRandom } from '../../src/simulation/random.ts'
import { createEmbeddedDynamoDB } from '../../src/testing.ts'
import { watchStalls } from './journal.ts'
import { shuffled } from './shuffled.ts'

// The embedded engine in a process of its own. It refuses what the service refuses, is late as the service is late, and
// closes a shard every few seconds for as long as it is told to.

/** How the process is started: JSON in its first argument. */
export interface EngineSettings {
  readonly seed: string
  readonly stallsPath: string
  readonly stallMs: number
}

/** What the process is told. */
export type EngineOrder =
  | { readonly order: 'reshard'; readonly tableNames: readonly string[]; readonly everyMs: number }
  | { readonly order: 'rest' }

/** What the process tells. */
export type EngineNews =
  | { readonly news: 'listening'; readonly port: number; readonly clientConfig: object }
  | { readonly news: 'resharded'; readonly count: number }

const mostOpenShards = 12
const { seed, stallsPath, stallMs } = JSON.parse(process.argv[2] ?? '{}') as EngineSettings
const random = new SeededRandom(`engine/${seed}`)
const engine = createEmbeddedDynamoDB({
  streams: { initialShardCount: 3, listingLagMs: 500, emptyPageChance: 0.1, enforceReadLimits: true },
})
let timer: NodeJS.Timeout | undefined
let count = 0

function reshard(tableNames: readonly string[]): void {
  const [tableName] = shuffled(tableNames, random)
  if (tableName === undefined) return
  const open = engine.streamShards(tableName).filter(({ isOpen }) => isOpen)
  const [shard] = shuffled(open, random)
  if (open.length < mostOpenShards) engine.splitShard(tableName, shard?.shardId)
  else engine.rollShards(tableName)
  tell({ news: 'resharded', count: (count += 1) })
}

function tell(news: EngineNews): void {
  process.send?.(news)
}

process.on('disconnect', () => process.exit())
process.on('message', (message: EngineOrder) => {
  clearInterval(timer)
  if (message.order === 'reshard') timer = setInterval(() => reshard(message.tableNames), message.everyMs)
})
watchStalls(stallsPath, '*', stallMs)
const { port, clientConfig } = await engine.listen()
tell({ news: 'listening', port, clientConfig })
