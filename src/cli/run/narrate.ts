import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { isTidemarkError } from '../../errors.ts'
import type { LeaseMessage, Messages, WorkerMessage } from '../../telemetry/channels.ts'
import { errorText, itemKeyText } from '../item-key-text.ts'
import type { Printer } from './printer.ts'
import { StoppedLanes } from './stopped-lanes.ts'

type Telling = { readonly [Name in keyof Messages]?: (message: Messages[Name]) => void }

/** Prints a line for each event of importance on Tidemark's channels, until the returned function is called. */
export function narrate(printer: Printer): () => void {
  const telling = Object.entries({ ...tellingOfFleets(printer), ...tellingOfRecords(printer) })
  // Node's type knows nothing of what a channel carries; `Messages` does.
  const listeners = telling.map(([name, tell]) => [name, (message: unknown) => tell(message as never)] as const)
  for (const [name, listener] of listeners) subscribe(name, listener)
  return () => {
    for (const [name, listener] of listeners) unsubscribe(name, listener)
  }
}

function tellingOfFleets({ print }: Printer): Telling {
  return {
    'tidemark:worker:joined': (it) => print('joined', `${fleet(it)} as ${it.workerId}`, { ...it }),
    'tidemark:worker:left': (it) => print('left', fleet(it), { ...it }),
    'tidemark:worker:lapsed': (it) => print('lapsed', `${fleet(it)}: ${lapse(it)}`, { ...it }),
    'tidemark:worker:paused': (it) =>
      print('paused', `${fleet(it)}: nothing is read until tidemark resume (${it.by})`, { ...it }),
    'tidemark:worker:resumed': (it) => print('resumed', fleet(it), { ...it }),
    'tidemark:worker:died': (it) =>
      print('died', `${fleet(it)}: worker ${it.workerId} is silent; its shards go to the others`, { ...it }),
    'tidemark:lease:acquired': (it) => {
      const from = it.from === undefined ? '' : `, from ${it.from}, which died`
      print('acquired', `${shard(it)}${from}`, { ...it })
    },
    'tidemark:lease:released': (it) => print('released', `${shard(it)}: others may have it`, { ...it }),
    'tidemark:lease:lost': (it) =>
      print('lost', `${shard(it)}: another worker has it; what ran was aborted`, { ...it }),
    'tidemark:shard:finished': (it) => print('finished', `${shard(it)}: its children may begin`, { ...it }),
    'tidemark:shard:stalled': (it) => print('stalled', `${shard(it)}: ${stall(it)}`, { ...it }),
    'tidemark:stream:gap': (it) => print('gap', `${shard(it)}: ${gapText(it)}`, { ...it }),
  }
}

function tellingOfRecords({ print }: Printer): Telling {
  const stopped = new StoppedLanes()
  return {
    'tidemark:lane:stopped': (it) => {
      if (isTidemarkError(it.error, 'ERR_LEASE_LOST') || !stopped.add(it)) return
      const event = it.reason === 'poison' ? 'poison' : 'waiting'
      const key = itemKeyText(it.laneKey)
      const times = it.attempts === 1 ? 'once' : `${it.attempts} times`
      const text = `${it.consumer}: ${key}: ${errorText(it.error)} (tried ${times}; its later changes wait, and it is tried again)`
      print(event, text, { ...it, key })
    },
    'tidemark:record:handled': (it) => {
      const laneKey = stopped.remove(it)
      if (laneKey === undefined) return
      const { consumer, sequenceNumber } = it
      const key = itemKeyText(laneKey)
      print('mended', `${consumer}: ${key}: it has succeeded now`, { consumer, key, sequenceNumber })
    },
  }
}

function fleet({ consumer, tableName }: WorkerMessage): string {
  return `${consumer} on ${tableName}`
}

function shard(message: LeaseMessage): string {
  return `${fleet(message)}: ${message.shardId}`
}

function lapse({ reason, leaseCount }: Messages['tidemark:worker:lapsed']): string {
  const why = reason === 'gone' ? 'the others gave this worker up' : 'this worker could not renew in time'
  return `${why}; it stopped ${leaseCount} shards at once and joins again`
}

function stall({ spanCount, stuckLaneCount }: Messages['tidemark:shard:stalled']): string {
  return `not read any further: ${spanCount} records since the first that is not settled, ${stuckLaneCount} stuck lanes`
}

function gapText({ gap, onGap }: Messages['tidemark:stream:gap']): string {
  const what = gap.kind === 'trimmed' ? 'changes were trimmed before they were read' : 'the shard is gone'
  const where = gap.after === undefined ? '' : ` behind ${gap.after}`
  return `${what}${where}: ${onGap === 'halt' ? 'HALTED (--on-gap continue goes on behind them)' : 'going on behind them'}`
}
