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
  for (const [name, kind] of Object.entries(endings))
    subscribe(name, (message) => {
      const { shardId, epoch } = message as Messages[keyof typeof endings]
      note({ kind, worker, shardId, epoch, at: monotonicMs() })
    })
}

/** Everything that all workers noted. */
export function readTenures(path: string): { readonly saves: readonly Save[]; readonly ends: readonly TenureEnd[] } {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
  const notes = lines.map((line) => JSON.parse(line) as (Omit<Save, 'beyond'> & { beyond: string }) | TenureEnd)
  return {
    saves: notes.flatMap((note) =>
      note.kind === 'saved' ? [{ ...note, beyond: new Uint8Array(Buffer.from(note.beyond, 'hex')) }] : [],
    ),
    ends: notes.filter((note) => note.kind !== 'saved'),
  }
}
