import type { StreamStart } from '../../src/leases/coordination.ts'
import { leaseIdOf, type NewLease } from '../../src/leases/lease.ts'
import { newLease } from '../../src/leases/lineage.ts'
import { passOverStream } from '../../src/leases/stream-pass.ts'
import type { ShardListing, StreamListing, StreamReading } from '../../src/source/stream-reading.ts'
import { createManualClock } from '../../src/testing/manual-clock.ts'
import { MemoryLeaseTable } from './memory-lease-table.ts'

/** What happens next: a kind of event, and which of the things that it can happen to. */
export interface Happening {
  readonly kind: 'split' | 'roll' | 'list' | 'trim' | 'finish' | 'pass' | 'half a pass' | 'disable'
  readonly which: number
}

interface WorldShard {
  readonly shardId: string
  readonly parentShardId: string | undefined
  open: boolean
  /** Whether DescribeStream shows it: not yet, now, not any more. */
  listed: 'not yet' | 'yes' | 'trimmed'
}

const streamLabel = 'label'

/** A stream whose shards come and go, a fleet that consumes it, and the rules that its leases must obey. */
export class ShardWorld {
  readonly shards = new Map<string, WorldShard>()
  readonly leases: MemoryLeaseTable = new MemoryLeaseTable((lease) => this.#judge(lease))
  readonly violations: string[] = []
  /** From before a start at LATEST: nobody wants them. */
  readonly unwanted = new Set<string>()
  readonly #startAt: StreamStart['startAt']
  readonly #finished = new Set<string>()
  #isDisabled = false
  /** Happens between the two things that a pass looks at: leases and listing. */
  #meanwhile: (() => Promise<void>) | undefined
  #hasLooked = false
  #dieAfter = Infinity

  constructor(rootCount: number, startAt: StreamStart['startAt']) {
    this.#startAt = startAt
    for (let root = 0; root < rootCount; root += 1) this.#open(undefined, 'yes')
  }

  async happen({ kind, which }: Happening): Promise<void> {
    switch (kind) {
      case 'split':
      case 'roll':
        return this.#reshard(which, kind === 'split' ? 2 : 1)
      case 'list':
        return this.#list(which)
      case 'trim':
        return this.#trim(which)
      case 'finish':
        return await this.#finish(which)
      case 'pass':
        return await this.pass()
      case 'half a pass':
        this.#dieAfter = which % 3
        await this.pass().catch(() => {})
        this.#dieAfter = Infinity
        return
      case 'disable':
        if (which % 4 === 0) this.#disable()
    }
  }

  /** A discoverer's look at everything; `meanwhile` happens while it looks. */
  async pass(meanwhile?: () => Promise<void>): Promise<void> {
    this.#meanwhile = meanwhile
    this.#hasLooked = false
    const start = await this.leases.noteStart({ streamLabel, startAt: this.#startAt, complete: false })
    let creations = 0
    const create = (lease: NewLease) => {
      if ((creations += 1) > this.#dieAfter) throw new Error('died')
      return this.leases.create(lease)
    }
    const { rows, finished } = this.leases
    const table = {
      ...{ list: async () => await this.#look(() => [...rows.values()]), create },
      finishedAt: async (id: `${string}#${string}`) => (finished.has(id) ? 0 : undefined),
    }
    const setting = { leases: table as never, reading: this.#reading, clock: createManualClock(), onCreated: () => {} }
    // Each discoverer learns for itself: half of them know nothing from before.
    const known = rows.size % 2 === 0 ? this.#finished : new Set<string>()
    const pass = await passOverStream({ ...setting, signal: new AbortController().signal }, 'arn', start, known)
    if (pass.complete) await this.leases.completeStart(streamLabel)
  }

  /** Nothing new happens; everything is listed; shards are finished in this order until nothing changes any more. */
  async comeToRest(order: readonly number[]): Promise<void> {
    while ([...this.shards.values()].some(({ listed }) => listed === 'not yet')) this.#list(0)
    for (let before = -1, turn = 0; before !== this.#progress();) {
      before = this.#progress()
      await this.pass()
      for (let left = this.leases.rows.size; left > 0; left -= 1) await this.#finish(order[turn++ % order.length] ?? 0)
    }
  }

  /** Shards with something to consume that nobody consumes. */
  unreached(): string[] {
    const unreached: string[] = []
    for (const { shardId, listed } of this.shards.values())
      if (listed !== 'trimmed' && !this.#isDone(shardId) && !this.#isLeased(shardId) && !this.unwanted.has(shardId))
        unreached.push(shardId)
    return unreached
  }

  get #reading(): StreamReading {
    const status = () => (this.#isDisabled ? 'DISABLED' : 'ENABLED')
    const describe = (): Promise<StreamListing> => this.#look(() => ({ status: status(), shards: this.#listing() }))
    return { describe } as Partial<StreamReading> as StreamReading
  }

  async #look<Seen>(see: () => Seen): Promise<Seen> {
    if (this.#hasLooked) {
      const meanwhile = this.#meanwhile
      this.#meanwhile = undefined
      await meanwhile?.()
    }
    this.#hasLooked = true
    return see()
  }

  #listing(): ShardListing[] {
    const listed = [...this.shards.values()].filter((shard) => shard.listed === 'yes')
    return listed.map(({ shardId, parentShardId, open }) => ({ shardId, parentShardId, closed: !open }))
  }

  #progress(): number {
    return this.leases.rows.size + 2 * this.leases.finished.size
  }

  #judge({ shardId, startAt }: NewLease): void {
    if (this.unwanted.has(shardId)) this.violations.push(`${shardId} is from before the start`)
    for (const ancestor of this.#ancestors(shardId)) {
      if (this.#isLeased(ancestor.shardId)) this.violations.push(`${shardId} before its ancestor ${ancestor.shardId}`)
      if (this.#isDone(ancestor.shardId)) {
        if (startAt === 'LATEST') this.violations.push(`${shardId} at LATEST after ${ancestor.shardId}`)
        return // its own ancestors were judged when it was created
      }
      if (ancestor.listed === 'trimmed' && !this.#isLeased(ancestor.shardId)) return // gone, and nobody knows what was above
      if (startAt === 'LATEST') this.unwanted.add(ancestor.shardId)
      else if (!this.unwanted.has(ancestor.shardId))
        this.violations.push(`${shardId} without its ancestor ${ancestor.shardId}`)
    }
  }

  *#ancestors(shardId: string): Iterable<WorldShard> {
    for (let at = this.#parentOf(shardId); at !== undefined; at = this.#parentOf(at.shardId)) yield at
  }

  #parentOf(shardId: string): WorldShard | undefined {
    return this.shards.get(this.shards.get(shardId)?.parentShardId ?? '')
  }

  #isLeased(shardId: string): boolean {
    return this.leases.rows.has(leaseIdOf({ streamLabel, shardId }))
  }

  #isDone(shardId: string): boolean {
    return this.leases.finished.has(leaseIdOf({ streamLabel, shardId }))
  }

  #open(parent: WorldShard | undefined, listed: WorldShard['listed']): void {
    const shardId = `s${String(this.shards.size).padStart(3, '0')}`
    this.shards.set(shardId, { shardId, parentShardId: parent?.shardId, open: true, listed })
  }

  #reshard(which: number, childCount: number): void {
    const shard = one(this.shards, which, ({ open }) => open)
    if (shard === undefined) return
    shard.open = false
    for (let child = 0; child < childCount; child += 1) this.#open(shard, 'not yet')
  }

  // A child is never listed before its parent was.
  #list(which: number): void {
    const shard = one(
      this.shards,
      which,
      ({ shardId, listed }) => listed === 'not yet' && this.#parentOf(shardId)?.listed !== 'not yet',
    )
    if (shard !== undefined) shard.listed = 'yes'
  }

  // Parents go before their children; read or not.
  #trim(which: number): void {
    const shard = one(this.shards, which, ({ shardId, open, listed }) => {
      const parent = this.#parentOf(shardId)
      return !open && listed === 'yes' && (parent === undefined || parent.listed === 'trimmed')
    })
    if (shard !== undefined) shard.listed = 'trimmed'
  }

  #disable(): void {
    this.#isDisabled = true
    for (const shard of this.shards.values()) {
      shard.open = false
      if (shard.listed === 'not yet') shard.listed = 'yes'
    }
  }

  /** What the owner of a lease does at its shard's end, as far as it can come to that. */
  async #finish(which: number): Promise<void> {
    const shard = one(this.shards, which, ({ shardId, open }) => !open && this.#isLeased(shardId))
    if (shard === undefined) return
    const children = this.#listing().filter(({ parentShardId }) => parentShardId === shard.shardId)
    if (children.length === 0 && !this.#isDisabled && shard.listed === 'yes') return
    // The lease of a parent that is being finished is still there when its children's are created: that is the rule.
    const id = leaseIdOf({ streamLabel, shardId: shard.shardId })
    const lease = this.leases.rows.get(id)
    if (lease === undefined) return
    this.leases.rows.delete(id)
    this.leases.finished.add(id)
    for (const child of children) await this.leases.create(newLease(streamLabel, child, 'TRIM_HORIZON'))
  }
}

function one(
  shards: ReadonlyMap<string, WorldShard>,
  which: number,
  fits: (shard: WorldShard) => boolean,
): WorldShard | undefined {
  const fitting = [...shards.values()].filter(fits)
  return fitting[which % Math.max(1, fitting.length)]
}
