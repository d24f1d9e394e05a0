import { fileURLToPath } from 'node:url'
import { ownModule } from '../../internal/package-files.ts'
import { createEventSourceMapping, type EventSourceMappingOptions } from '../../testing/event-source-mapping.ts'
import { createFunctionProcess } from '../../testing/function-process.ts'
import type { DemoTables } from './dynamodb-tables.ts'
import type { DemoEnvironment } from './environment.ts'

/** One of the two consumers: a function in processes of its own, behind an event source mapping of its own. */
export interface Contestant {
  /** The name of its mailbox. */
  readonly name: string
  drain(): Promise<void>
  stop(): Promise<void>
  deliveryCount(): number
  errorCount(): number
  givenUpCount(): number
}

/** Starts a function of this folder behind a mapping, which is the same for all but for what `mappingOptions` says. */
export async function startContestant(
  { streams, streamArn }: DemoTables,
  environment: DemoEnvironment,
  moduleName: string,
  mappingOptions: Pick<EventSourceMappingOptions, 'functionResponseTypes' | 'bisectBatchOnFunctionError'>,
): Promise<Contestant> {
  const modulePath = fileURLToPath(ownModule(`cli/demo/${moduleName}`))
  const lambda = createFunctionProcess({ modulePath, timeoutMs: 10_000, env: { ...environment } })
  const mapping = createEventSourceMapping({
    streams,
    streamArn,
    ...mappingOptions,
    handler: lambda.invoke,
    startingPosition: 'TRIM_HORIZON',
    filterCriteria: { Filters: [{ Pattern: JSON.stringify({ eventName: ['INSERT'] }) }] },
    batchSize: 50,
    maximumRetryAttempts: 5,
    onFailure: { kind: 's3', send() {} },
    pollIntervalMs: 50,
  })
  await mapping.start()
  return {
    name: moduleName === 'plain-function' ? 'plain' : 'tidemark',
    drain: () => mapping.drain(),
    async stop() {
      await mapping.stop()
      await lambda.stop()
    },
    deliveryCount: () => mapping.statistics().invokedEventCount,
    errorCount: () => mapping.statistics().functionErrorCount,
    givenUpCount: () => mapping.statistics().onFailureDestinationDeliveredEventCount,
  }
}
