/** What a lane does after a record: go on with its next one, or leave the rest unsettled for a later delivery. */
export type LaneStep = 'next' | 'stop'

/** Waits without holding the worker's turn, so that what only waits keeps no other lane from working. */
export type Lend = <Result>(wait: Promise<Result>) => Promise<Result>

/** With what a lane goes on that was suspended: its next record, or something that needs a turn. */
export type Resumption = 'next' | (() => Worked)

/** A record that needs no turn until it is known how something ended; meanwhile its lane stands still. */
export class Suspended {
  readonly end: Promise<Resumption>

  constructor(end: Promise<Resumption>) {
    this.end = end
  }
}

/** How a record was worked, at once or later. Later, it keeps its turn until then. */
export type Worked = LaneStep | Suspended | Promise<LaneStep | Suspended>

/** Works one record. It must not reject: that is a broken invariant, which stops its lane and is told by `idle`. */
export type LaneWorker<Work> = (work: Work, lend: Lend) => Worked

/** The step that comes of it in the end. For who has a turn, and has to wait: it is lent while nothing needs it. */
export async function stepOf(worked: Worked, lend: Lend): Promise<LaneStep> {
  const answer = await worked
  if (!(answer instanceof Suspended)) return answer
  const resumption = await lend(answer.end)
  return resumption === 'next' ? resumption : stepOf(resumption(), lend)
}

// Queues are left by index, and what was left is forgotten now and then: under endless load they are never empty. The places
// of those that left are emptied at once: a thousand records kept for nothing all grow old, and are dear to collect.
const compactFrom = 1_024

/** The lane's next record, which it keeps no longer. */
function takeFrom<Work>(lane: Lane<Work>): Work {
  const work = lane.works[lane.next] as Work // a lane is ready only while it has one
  lane.works[lane.next++] = undefined
  return work
}

/** Drops the first `count` elements when they are at least half of all; returns how many were dropped. */
function forget(queue: unknown[], count: number): number {
  if (count * 2 < queue.length) return 0
  queue.splice(0, count)
  return count
}

interface Lane<Work> {
  readonly key: string
  readonly works: (Work | undefined)[]
  next: number
  isWorking: boolean
  resume: (() => Worked) | undefined
  onEnd: (() => void)[] | undefined
}

/**
 * Runs work side by side across lanes, up to `concurrency`, and strictly one after the other within a lane.
 *
 *     ready ── a turn is free ──▶ working ── 'next', more to do ──▶ ready, behind the others
 *                                  │   ▲ │── 'next', nothing left ▶ gone
 *                                  ▼   │ └── 'stop' ──────────────▶ stopped
 *                               suspended, its turn another's; where that was all, it is as after 'next'
 *
 * A stopped lane drops what it holds and takes nothing more, because whatever comes later of that item must not overtake
 * the record it stopped at. Lanes take turns record by record, so that a long one can't keep the others waiting. A turn
 * is a loop that works one lane after the other; there are never more than `concurrency` of them at work.
 */
export class Lanes<Work> {
  readonly #worker: LaneWorker<Work>
  readonly #lanes = new Map<string, Lane<Work>>()
  readonly #stopped = new Set<string>()
  // Ready lanes wait their turn in order. They leave by index: Array.shift would make ten thousand lanes quadratic.
  #ready: (Lane<Work> | undefined)[] = []
  #nextReady = 0
  // Workers that lent their turn out and want one back. They come before the ready lanes: their records have begun.
  readonly #returning: (() => void)[] = []
  #freeTurns: number
  #isStarting = false
  #onIdle: (() => void)[] = []
  #broken: { readonly error: unknown } | undefined
  readonly #lend: Lend = (wait) => this.#lendTurn(wait)

  constructor(concurrency: number, worker: LaneWorker<Work>) {
    this.#freeTurns = concurrency
    this.#worker = worker
  }

  /** Adds work behind whatever its lane already holds. Nothing runs before the next `start`. */
  enqueue(laneKey: string, work: Work): void {
    if (this.#stopped.has(laneKey)) return
    const lane = this.#lanes.get(laneKey)
    if (lane !== undefined) return void lane.works.push(work)
    const fresh = { key: laneKey, works: [work], next: 0, isWorking: false, resume: undefined, onEnd: undefined }
    this.#lanes.set(laneKey, fresh)
    this.#ready.push(fresh)
  }

  /** Lanes that wait for a turn. */
  get waitingCount(): number {
    return this.#ready.length - this.#nextReady
  }

  /** Sets off as many turns as there is work and room for. */
  start(): void {
    while (this.#freeTurns > 0 && this.#nextReady < this.#ready.length) {
      this.#freeTurns -= 1
      void this.#turn()
    }
  }

  /** Resolves once no lane holds work; rejects with what a worker should not have thrown. */
  async idle(): Promise<void> {
    if (this.#lanes.size > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
    if (this.#broken !== undefined) throw this.#broken.error
  }

  /** The lanes that are being worked right now, each with a promise of its end. */
  get working(): ReadonlyMap<string, Promise<void>> {
    const endOf = (lane: Lane<Work>) => new Promise<void>((resolve) => (lane.onEnd ??= []).push(resolve))
    const working = Array.from(this.#lanes.values()).filter(({ isWorking }) => isWorking)
    return new Map(working.map((lane) => [lane.key, endOf(lane)]))
  }

  async #turn(first?: Lane<Work>): Promise<void> {
    for (let lane = first ?? this.#takeReady(); lane !== undefined; lane = this.#takeReady()) {
      let worked: LaneStep | Suspended
      try {
        // Waited for only where there is something to wait for: most of what is worked at once never was a promise.
        const begun = this.#begin(lane)
        worked = begun instanceof Promise ? await begun : begun
      } catch (error) {
        worked = this.#broke(error)
      }
      if (worked instanceof Suspended) void this.#suspend(lane, worked)
      else this.#leave(lane, worked)
      const returning = this.#returning.shift()
      if (returning !== undefined) return returning() // the turn goes on with the one that comes back
    }
    this.#freeTurns += 1
  }

  #begin(lane: Lane<Work>): Worked {
    const { resume } = lane
    lane.resume = undefined
    if (resume !== undefined) return resume()
    lane.isWorking = true
    return this.#worker(takeFrom(lane), this.#lend)
  }

  async #suspend(lane: Lane<Work>, { end }: Suspended): Promise<void> {
    let resumption: Resumption | 'stop'
    try {
      resumption = await end
    } catch (error) {
      resumption = this.#broke(error)
    }
    if (typeof resumption === 'string') {
      this.#leave(lane, resumption)
      return this.start()
    }
    lane.resume = resumption
    await this.#takeTurn()
    return this.#turn(lane)
  }

  #broke(error: unknown): 'stop' {
    this.#broken ??= { error }
    return 'stop'
  }

  #leave(lane: Lane<Work>, step: LaneStep): void {
    lane.isWorking = false
    if (lane.next >= compactFrom) lane.next -= forget(lane.works, lane.next)
    if (step === 'stop') this.#stopped.add(lane.key)
    if (step === 'stop' || lane.next === lane.works.length) this.#end(lane)
    else this.#ready.push(lane)
  }

  /**
   * Not at once: a worker that lends before it has waited for anything would begin the next one on its own stack, and ten
   * thousand lanes that all fail at once would overflow it.
   */
  #startSoon(): void {
    if (this.#isStarting) return
    this.#isStarting = true
    void Promise.resolve().then(() => {
      this.#isStarting = false
      this.start()
    })
  }

  #takeReady(): Lane<Work> | undefined {
    const lane = this.#ready[this.#nextReady]
    if (lane !== undefined) {
      this.#ready[this.#nextReady++] = undefined
      if (this.#nextReady >= compactFrom) this.#nextReady -= forget(this.#ready, this.#nextReady)
    } else if (this.#nextReady > 0) {
      this.#ready = []
      this.#nextReady = 0
    }
    return lane
  }

  #end(lane: Lane<Work>): void {
    this.#lanes.delete(lane.key)
    if (lane.onEnd !== undefined) for (const resolve of lane.onEnd) resolve()
    if (this.#lanes.size === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  #giveTurnAway(): void {
    // First to who waits for a turn to go on: what all the others wait for in theirs may be what comes behind that record.
    const returning = this.#returning.shift()
    if (returning !== undefined) return returning()
    this.#freeTurns += 1
    this.#startSoon()
  }

  async #lendTurn<Result>(wait: Promise<Result>): Promise<Result> {
    this.#giveTurnAway()
    try {
      return await wait
    } finally {
      await this.#takeTurn()
    }
  }

  async #takeTurn(): Promise<void> {
    if (this.#freeTurns > 0) this.#freeTurns -= 1
    else await new Promise<void>((resolve) => this.#returning.push(resolve))
  }
}
