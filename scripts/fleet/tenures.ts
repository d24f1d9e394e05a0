import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { subscribe } from 'node:diagnostics_channel'
import type { Messages } from '../../src/telemetry/channels.ts'
import { monotonicMs } from './monotonic.ts'

interface Tenure {
  readonly worker: string
  readonly shardId: string
  readonly epoch: number
  /** Monotonic ms. */
  readonly at: number
}

/** A worker was answered that this is saved of a shard: see `Checkpoint`. */
export interface Save extends Tenure {
  readonly kind: 'saved'
  readonly after?: string
  readonly from?: string
  readonly beyond: Uint8Array
}

/** A worker's time with a shard was over, and how. One that was killed says nothing. */
export interface TenureEnd extends Tenure {
  readonly kind: 'released' | 'finished' | 'lost'
}

/** A worker has a shard from now on. */
export interface Acquisition extends Tenure {
  readonly kind: 'acquired'
}

/** A record is in the parking lot, by this worker, and needs no handling by it any more. */
export interface Park {
  readonly kind: 'parked'
  readonly worker: string
  readonly key: string
  readonly sequenceNumber: string
  readonly at: number
}

type Note = (Omit<Save, 'beyond'> & { readonly beyond: string }) | TenureEnd | Acquisition | Park

const endings = {
  'tidemark:lease:released': 'released',
  'tidemark:shard:finished': 'finished',
  'tidemark:lease:lost': 'lost',
} as const

/** Notes from now on what this worker is sure of about its shards: each line only when the answer is there. */
export function noteTenures(path: string, worker: string): void {
  const note = (line: object) => appendFileSync(path, `${JSON.stringify(line)}\n`)
  subscribe('tidemark:checkpoint:saved', (message) => {
    const { shardId, epoch, checkpoint } = message as Messages['tidemark:checkpoint:saved']
    const { after, from, beyond } = checkpoint
    const settled = { ...(after && { after }), ...(from && { from }), beyond: Buffer.from(beyond).toString('hex') }
    note({ kind: 'saved', worker, shardId, epoch, at: monotonicMs(), ...settled })
  })
  subscribe('tidemark:lease:acquired', (message) => {
    const { shardId, epoch } = message as Messages['tidemark:lease:acquired']
    note({ kind: 'acquired', worker, shardId, epoch, at: monotonicMs() })
  })
  subscribe('tidemark:record:parked', (message) => {
    const { laneKey, sequenceNumber } = message as Messages['tidemark:record:parked']
    const key = laneKey.slice(laneKey.lastIndexOf(':') + 1) // the only value of the key, and no colon in it
    note({ kind: 'parked', worker, key, sequenceNumber, at: monotonicMs() })
  })
  for (const [name, kind] of Object.entries(endings))
    subscribe(name, (message) => {
      const { shardId, epoch } = message as Messages[keyof typeof endings]
      note({ kind, worker, shardId, epoch, at: monotonicMs() })
    })
}

function isEnd(note: Note): note is TenureEnd {
  return note.kind === 'released' || note.kind === 'finished' || note.kind === 'lost'
}

/** What workers said of their shards. */
export interface Tenures {
  readonly saves: readonly Save[]
  readonly ends: readonly TenureEnd[]
  readonly acquisitions: readonly Acquisition[]
  readonly parks: readonly Park[]
}

/** Everything that all workers noted. */
export function readTenures(path: string): Tenures {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
  const notes = lines.map((line) => JSON.parse(line) as Note)
  return {
    saves: notes.flatMap((note) =>
      note.kind === 'saved' ? [{ ...note, beyond: new Uint8Array(Buffer.from(note.beyond, 'hex')) }] : [],
    ),
    ends: notes.filter(isEnd),
    acquisitions: notes.filter((note) => note.kind === 'acquired'),
    parks: notes.filter((note) => note.kind === 'parked'),
  }
}
