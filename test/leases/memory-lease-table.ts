import { emptyCheckpoint } from '../../src/checkpoint/checkpoint.ts'
import type { LeaseTable, StreamStart } from '../../src/leases/coordination.ts'
import { type HeldLease, type Lease, type LeaseId, leaseIdOf, type NewLease } from '../../src/leases/lease.ts'

/** What discovery and shards' ends use of a table of leases, in memory; for worlds of which thousands are made. */
export class MemoryLeaseTable implements Pick<
  LeaseTable,
  'list' | 'create' | 'finishedAt' | 'finish' | 'starts' | 'noteStart' | 'completeStart'
> {
  readonly rows = new Map<LeaseId, Lease>()
  readonly finished = new Set<LeaseId>()
  readonly #starts: StreamStart[] = []
  readonly #onCreate: (lease: NewLease) => void

  constructor(onCreate: (lease: NewLease) => void = () => {}) {
    this.#onCreate = onCreate
  }

  async list(): Promise<Lease[]> {
    return [...this.rows.values()]
  }

  async create(lease: NewLease): Promise<'created' | 'exists' | 'finished' | 'begun'> {
    const id = leaseIdOf(lease)
    if (this.finished.has(id)) return 'finished'
    if (this.rows.has(id)) return 'exists'
    const start = this.#starts.find(({ streamLabel }) => streamLabel === lease.streamLabel)
    if (lease.startAt === 'LATEST' && start?.complete === true) return 'begun'
    this.#onCreate(lease)
    const fresh = {
      createdAt: 0,
      readAt: undefined,
      epoch: 0,
      owner: undefined,
      checkpoint: emptyCheckpoint,
      gap: undefined,
    }
    this.rows.set(id, { ...lease, ...fresh, id })
    return 'created'
  }

  async finishedAt(id: LeaseId): Promise<number | undefined> {
    return this.finished.has(id) ? 0 : undefined
  }

  async finish({ id }: Pick<HeldLease, 'id'>): Promise<'finished' | 'lost'> {
    if (!this.rows.delete(id)) return 'lost'
    this.finished.add(id)
    return 'finished'
  }

  async starts(): Promise<StreamStart[]> {
    return [...this.#starts]
  }

  async noteStart(start: StreamStart): Promise<StreamStart> {
    const noted = this.#starts.find(({ streamLabel }) => streamLabel === start.streamLabel)
    if (noted === undefined) this.#starts.push(start)
    return noted ?? start
  }

  async completeStart(streamLabel: string): Promise<void> {
    const index = this.#starts.findIndex((start) => start.streamLabel === streamLabel)
    const start = this.#starts[index]
    if (start !== undefined) this.#starts[index] = { ...start, complete: true }
  }
}
