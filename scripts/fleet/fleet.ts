import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { join } from 'node:path'
import { Crew } from './crew.ts'
import { startDatabase, type DatabaseProcess } from './database-process.ts'
import { dynamodbBank } from './dynamodb-bank.ts'
import { isBank } from './effects.ts'
import { startEngine } from './engine-process.ts'
import type { FleetOptions } from './fleet-options.ts'
import type { FleetReport } from './fleet-report.ts'
import { FleetRun } from './fleet-run.ts'
import { watchStalls } from './journal.ts'
import { JournalReader } from './journal-reader.ts'
import { postgresBank } from './postgres-bank.ts'
import { Producer } from './producer.ts'
import { bundlePrograms } from './programs.ts'
import { Redrivers } from './redrivers.ts'
import { Replays } from './replays.ts'
import { createTables } from './tables.ts'
import { transferRounds } from './transfers.ts'
import { versionRounds } from './versions.ts'

/** Runs a fleet of real processes, disturbs it by the schedule, and judges what took effect. */
export async function runFleet(options: FleetOptions): Promise<FleetReport> {
  const database = options.mode === 'bank-postgres' ? await startDatabase() : undefined
  try {
    return await runOn(options, database)
  } finally {
    await database?.stop()
  }
}

async function runOn(options: FleetOptions, database: DatabaseProcess | undefined): Promise<FleetReport> {
  const { folder, mode, seed, insertCount, keyCount, durationMs, leaseDurationMs, poisonEvery, say } = options
  const programs = await bundlePrograms(folder)
  const paths = {
    stallsPath: join(folder, 'stalls'),
    tenuresPath: join(folder, 'tenures'),
    talliesPath: join(folder, 'tallies'),
  }
  const stallMs = leaseDurationMs / 12
  const engine = await startEngine(options.engine, programs.engine, { seed, stallsPath: paths.stallsPath, stallMs })
  const client = new DynamoDBClient(engine.clientConfig)
  const endWatch = watchStalls(paths.stallsPath, '*', stallMs)
  const tableNames = await createTables(client, options.tableCount)
  const bank = isBank(mode) ? await (database ? postgresBank(database.address) : dynamodbBank(client)) : undefined
  const reader = new JournalReader()
  const { checkpointIntervalMs, handlerMs } = options
  const crewSettings = {
    folder,
    program: programs.worker,
    servicePort: engine.port,
    worker: {
      ...{ clientConfig: engine.clientConfig, tableNames, mode, ...paths, stallMs, poisonEvery },
      ...{ leaseDurationMs, checkpointIntervalMs, handlerMs },
      ...(database && { postgres: database.address }),
    },
    onJournal: (path: string) => reader.add(path),
    say,
  }
  const crew = new Crew(crewSettings)
  const redrivers = poisonEvery > 0 ? new Redrivers(crewSettings, programs.redriver) : undefined
  const rounds = (isBank(mode) ? transferRounds : versionRounds)({ seed, insertCount, keyCount })
  const producer = new Producer({
    ...{ client, tableNames, insertCount, durationMs, stallMs, rounds },
    // What is parked is to be redriven while items go on being written.
    ...(poisonEvery > 0 && { isAhead: (putCount: number) => putCount - reader.doneCount > insertCount / 10 }),
  })
  const replays = new Replays({ program: programs.command, engine, tableNames, crew, say })
  try {
    return await new FleetRun({
      ...{ options, engine, client, tableNames, crew, producer, reader, replays, ...paths },
      ...(redrivers && { redrivers }),
      ...(bank && { bank }),
      ...(database && { database }),
    }).run()
  } finally {
    endWatch()
    redrivers?.kill()
    await crew.abandon()
    await bank?.close()
    client.destroy()
    await engine.stop()
  }
}
