import type { PgClient, PgPool } from '../../ledger/postgres/pg.ts'
import type { Actor } from '../actor.ts'
import type { NetworkFaults } from '../network-faults.ts'
import type { SeededRandom } from '../random.ts'
import type { Scheduler } from '../scheduler.ts'
import type { Backend, ConnectionEnd, Outcome } from './backend.ts'
import type { PostgresServer } from './postgres-server.ts'
import { brokenConnection, SqlError } from './sql-error.ts'
import { statements } from './statements.ts'

/** What is between a process and the server. */
export interface PoolSetting {
  readonly server: PostgresServer
  readonly scheduler: Scheduler
  /** As they are now: a request or a reply that is lost breaks its connection. */
  readonly faults: () => NetworkFaults
  readonly timeoutMs: number
  readonly note: (actor: string, what: string) => void
  readonly happened: (what: WireMark) => void
}

/** What has to happen now and then. */
export type WireMark =
  'COMMIT never arrived' | 'COMMIT applied and not answered' | 'COMMIT arrived late' | 'connection broken'

// A transaction has many statements and one COMMIT, and it is there that it matters.
const shareOfOthers = 0.12
// How long a server may hold what a client has left without a word.
const longestSilenceMs = 60_000

/** The pool of `pg` in one process. */
export class SimulatedPool implements PgPool {
  readonly #setting: PoolSetting
  readonly #actor: Actor
  readonly #random: SeededRandom
  readonly #idle: SimulatedClient[] = []

  constructor(actor: Actor, setting: PoolSetting) {
    this.#setting = setting
    this.#actor = actor
    this.#random = actor.random.fork('postgres')
  }

  connect(): Promise<SimulatedClient> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop())
      if (!idle.isBroken) return Promise.resolve(idle)
    const { scheduler, faults, server, timeoutMs } = this.#setting
    const { requestLost, delayMs } = faults()
    const isLost = this.#random.chance(requestLost * shareOfOthers)
    const [there, back] = [0.2 + this.#random.next() * delayMs, 0.2 + this.#random.next() * delayMs]
    return new Promise((resolve, reject) => {
      const come = (run: () => void) => this.#actor.gate('reply', run)
      if (isLost) return void scheduler.after(timeoutMs, () => come(() => reject(brokenConnection('reset'))))
      scheduler.after(there, () => {
        if (!server.isUp) return void scheduler.after(back, () => come(() => reject(brokenConnection('refused'))))
        const client = this.#open()
        scheduler.after(back, () => come(() => resolve(client)))
      })
    })
  }

  #open(): SimulatedClient {
    return new SimulatedClient(this.#actor, this.#random, this.#setting, (client) => this.#idle.push(client))
  }
}

interface Query {
  readonly text: string
  readonly values: readonly string[]
  readonly resolve: (answer: { readonly rows: readonly object[] }) => void
  readonly reject: (error: unknown) => void
}

/**
 * A client of `pg`, and its connection:
 *
 *     open ── lost on the way, or too late ──▶ broken: what it waits for is rejected, and the server learns of it, one day
 *       └──── released to be destroyed, or its process died: what was sent arrives, and then the end
 */
export class SimulatedClient implements PgClient {
  readonly #actor: Actor
  readonly #random: SeededRandom
  readonly #setting: PoolSetting
  readonly #giveBack: (client: SimulatedClient) => void
  readonly #backend: Backend
  readonly #queries: Query[] = []
  readonly #forget: () => void
  #active: Query | undefined
  #isBroken = false
  #isEnded = false
  // Nothing arrives before what was sent before it.
  #arrivesAt = 0

  constructor(actor: Actor, random: SeededRandom, setting: PoolSetting, giveBack: (client: SimulatedClient) => void) {
    this.#actor = actor
    this.#random = random
    this.#setting = setting
    this.#giveBack = giveBack
    this.#backend = setting.server.open(actor.name, (end) => this.#endedByServer(end))
    this.#forget = actor.onDeath(() => this.#leave())
  }

  /** Whether it is known to be of no use any more. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  query(text: string, values: readonly unknown[] = []): Promise<{ readonly rows: readonly object[] }> {
    return new Promise((resolve, reject) => {
      if (this.#isBroken) return reject(brokenConnection('not queryable'))
      this.#queries.push({ text, values: values.map(String), resolve, reject })
      this.#send()
    })
  }

  release(destroy?: boolean): void {
    if (destroy !== true && !this.#isBroken) return this.#giveBack(this)
    this.#break(brokenConnection('terminated'))
    this.#leave()
  }

  #send(): void {
    if (this.#active !== undefined || this.#isBroken) return
    const query = this.#queries.shift()
    if (query === undefined) return
    this.#active = query
    const { scheduler, timeoutMs, happened } = this.#setting
    const { requestLost, replyLost, late } = this.#faultsOf(query)
    const isCommit = query.text === 'COMMIT'
    if (requestLost || replyLost || late) scheduler.after(timeoutMs, () => this.#loseTrackOf(query))
    if (requestLost) return isCommit ? happened('COMMIT never arrived') : undefined
    const lateMs = late ? timeoutMs * (1 + 9 * this.#random.next()) : 0
    this.#arrivesAt = Math.max(this.#arrivesAt, scheduler.now + this.#delay() + lateMs)
    scheduler.after(this.#arrivesAt - scheduler.now, () => {
      this.#backend.receive({
        ...query,
        answer: (outcome) => {
          this.#note(query, outcome)
          if (!replyLost && !late) return void scheduler.after(this.#delay(), () => this.#answered(query, outcome))
          if (isCommit && 'rows' in outcome) happened(late ? 'COMMIT arrived late' : 'COMMIT applied and not answered')
        },
      })
    })
  }

  #faultsOf({ text }: Query): { readonly requestLost: boolean; readonly replyLost: boolean; readonly late: boolean } {
    const { requestLost, replyLost, late } = this.#setting.faults()
    const share = text === 'COMMIT' ? 1 : shareOfOthers
    return {
      requestLost: this.#random.chance(requestLost * share),
      replyLost: this.#random.chance(replyLost * share),
      late: this.#random.chance(late * share),
    }
  }

  #answered(query: Query, outcome: Outcome): void {
    this.#actor.gate('reply', () => {
      if (this.#active !== query) return
      this.#active = undefined
      if ('rows' in outcome) query.resolve(outcome)
      else query.reject(outcome.error)
      if ('error' in outcome && outcome.error.severity === 'FATAL') this.#break(brokenConnection('terminated'))
      this.#send()
    })
  }

  /** No answer came: the connection is given up, by this side. */
  #loseTrackOf(query: Query): void {
    this.#setting.happened('connection broken')
    this.#leave()
    this.#actor.gate('reply', () => {
      if (this.#active === query) this.#break(brokenConnection(this.#random.chance(0.5) ? 'reset' : 'terminated'))
    })
  }

  #endedByServer(end: ConnectionEnd): void {
    const { scheduler } = this.#setting
    scheduler.after(this.#delay(), () =>
      this.#actor.gate('reply', () => this.#break(end instanceof SqlError ? end : brokenConnection(end))),
    )
  }

  #break(error: Error): void {
    this.#isBroken = true
    const active = this.#active
    this.#active = undefined
    active?.reject(error)
    for (const { reject } of this.#queries.splice(0)) reject(error)
  }

  /** The server reads the end of the connection behind all that was sent: soon, or when it asks whether anybody is there. */
  #leave(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#forget()
    const { scheduler } = this.#setting
    const silenceMs = this.#random.chance(0.7) ? 20 : longestSilenceMs
    const at = Math.max(this.#arrivesAt, scheduler.now + this.#random.next() * silenceMs)
    scheduler.after(at - scheduler.now, () => this.#backend.receive('end'))
  }

  #note({ text }: Query, outcome: Outcome): void {
    const name = statements.get(text)?.name ?? text
    this.#setting.note(this.#actor.name, `SQL ${name}${'error' in outcome ? ` ✗ ${outcome.error.code}` : ''}`)
  }

  #delay(): number {
    return 0.2 + this.#random.next() * this.#setting.faults().delayMs
  }
}
