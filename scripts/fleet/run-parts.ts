import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Bank } from './bank.ts'
import type { Crew } from './crew.ts'
import type { DatabaseProcess } from './database-process.ts'
import type { EngineProcess } from './engine-process.ts'
import type { FleetOptions } from './fleet-options.ts'
import type { JournalReader } from './journal-reader.ts'
import type { Producer } from './producer.ts'
import type { Redrivers } from './redrivers.ts'
import type { Replays } from './replays.ts'

/** Everything that takes part in a run. */
export interface RunParts {
  readonly options: FleetOptions
  readonly engine: EngineProcess
  readonly client: DynamoDBClient
  readonly tableNames: readonly string[]
  readonly crew: Crew
  readonly producer: Producer
  readonly reader: JournalReader
  readonly replays: Replays
  readonly stallsPath: string
  readonly tenuresPath: string
  readonly talliesPath: string
  /** With poison. */
  readonly redrivers?: Redrivers
  /** With accounts. */
  readonly bank?: Bank
  readonly database?: DatabaseProcess
}
