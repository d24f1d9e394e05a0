import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { RedriveReport, RedrivenLane } from '../../consumer/redrive.ts'
import { systemClock } from '../../internal/system.ts'
import { dynamodbParkingLot } from '../../parking/dynamodb/parking-lot.ts'
import { connect } from '../aws/dynamodb-connection.ts'
import { exitCodes } from '../exit-codes.ts'
import { errorText, itemKeyText } from '../item-key-text.ts'
import { showProgress } from '../progress.ts'
import { namedConsumer } from '../run/named-consumer.ts'
import { columns, fit } from '../screen.ts'
import { takeStopSignals } from '../stop-signals.ts'
import { notParked } from './not-parked.ts'
import type { ParkedOptions } from './parked-options.ts'

/** How to redrive. */
export interface RedriveCommandOptions extends ParkedOptions {
  readonly module: string
  readonly lane: string | undefined
  readonly limit: number | undefined
  readonly force: boolean
  readonly json: boolean
}

/** Redrives; the exit code says whether everything that was asked for is worked off. */
export async function redrive(options: RedriveCommandOptions): Promise<number> {
  // Before the module is loaded: its own clients then meet the same DynamoDB as ours.
  const connection = await connect(options)
  const signals = takeStopSignals(systemClock, () => {})
  const endProgress = countRedriven()
  try {
    const consumer = await namedConsumer(options.module, options.consumer)
    consumer.useParkingLot(dynamodbParkingLot({ client: connection.dynamodb, tableName: options.parkingTable }))
    const { lane, limit, force } = options
    const report = await consumer.redrive({
      ...{ force, signal: signals.stopping },
      ...(lane === undefined ? {} : { lane }),
      ...(limit === undefined ? {} : { limit }),
    })
    endProgress()
    if (lane !== undefined && report.lanes.length === 0) return notParked(`the lane ${lane}`)
    return tell(report, options.json, signals.stopping.aborted)
  } finally {
    endProgress()
    signals.end()
    await connection.close()
  }
}

function tell({ redrivenCount, lanes }: RedriveReport, json: boolean, isStopped: boolean): number {
  if (json) for (const { stopped, ...lane } of lanes) console.log(JSON.stringify({ ...lane, ...stoppedJson(stopped) }))
  else {
    for (const lane of lanes) console.log(laneText(lane))
    const openCount = lanes.filter(({ outcome }) => outcome === 'open').length
    console.log(`${redrivenCount} records redriven; ${openCount} of ${lanes.length} lanes are worked off`)
  }
  if (isStopped) console.error('stopped: what was not redriven stays parked')
  return !isStopped &&
    lanes.every(({ outcome, stopped }) => outcome === 'open' || (outcome === 'parked' && stopped === undefined))
    ? exitCodes.ok
    : exitCodes.failed
}

function laneText({ laneId, laneKey, outcome, redrivenCount, stopped }: RedrivenLane): string {
  const head = `${laneId.slice(0, 8)}  ${itemKeyText(laneKey)}: ${redrivenCount} redriven, ${outcome}`
  const why = stopped === undefined ? '' : `\n  ${stopped.eventId} ${reasonText[stopped.reason]}`
  const error = stopped?.error === undefined ? '' : `\n  ${fit(errorText(stopped.error), columns() - 2)}`
  return `${fit(head, columns())}${why}${error}`
}

const reasonText = {
  failed: 'failed again',
  systemic: 'could not be handled now, through no fault of its own',
  'too-old': 'is older than the ledger remembers: whether it took effect is not known, and --force runs it',
} as const

function stoppedJson(stopped: RedrivenLane['stopped']): object {
  if (stopped === undefined) return {}
  const { eventId, reason, error } = stopped
  return { stopped: { eventId, reason, ...(error === undefined ? {} : { error: errorText(error) }) } }
}

/** Counts on the screen what is redriven, as it is told. Ends once, however often it is asked to. */
function countRedriven(): () => void {
  const progress = showProgress('redriven')
  let count = 0
  const count1 = () => progress.at((count += 1))
  subscribe('tidemark:record:redriven', count1)
  return () => {
    unsubscribe('tidemark:record:redriven', count1)
    progress.end()
  }
}
