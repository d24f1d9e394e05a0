import type { NetworkFaults } from '../network-faults.ts'
import type { DeathWatch } from './death-watch.ts'
import type { LotOracleSetting } from './lot-oracle.ts'
import type { SeenParked } from './lot-rows.ts'
import type { WatchedLane } from './watched-lane.ts'

/** Whatever these say, they say nothing of the record. */
export const systemic: RegExp =
  /^(?:Throttling|ProvisionedThroughput|InternalServer|Timeout|LedgerError|Deadline|LeaseLost|Abort|CircuitOpen|Coordination)/

/** The name of the errors that all handlers throw while what they call is away. */
export const downstreamError = 'DownstreamAway'

// Docs: ten items that fail alike open a circuit.
const lanesAlike = 10

/** Whether a note is taken back as soon as its process sends for it, and so before it is frozen. */
function isSwift({ requestLost, replyLost, throttled, outages }: NetworkFaults): boolean {
  return requestLost === 0 && replyLost === 0 && throttled === 0 && outages.length === 0
}

/** Judges why records are parked: for their own sake, and with nothing of theirs left behind in the ledger. */
export class ReasonJudge {
  readonly #setting: LotOracleSetting
  readonly #alike = new Map<string, Set<string>>()
  readonly troubled: Set<string> = new Set()

  constructor(setting: LotOracleSetting) {
    this.#setting = setting
  }

  /** A record is parked for an error of its own. */
  judge(lane: WatchedLane, record: SeenParked, sender: string, deaths: DeathWatch): void {
    const { violate, mark, network } = this.#setting
    const { eventId, position, errorName = '', errorMessage } = record
    if (systemic.test(errorName)) violate(`${eventId} is parked for ${errorName}`)
    if (errorName === downstreamError) this.#judgeAlike(lane, sender)
    // A note, or a claim, that arrives twice or late may stand again after it was taken back.
    const isSure = network.duplicated === 0 && network.late === 0
    if (errorMessage.includes('it seems to end the process')) {
      mark('record parked for its deaths')
      if (isSure && isSwift(network) && !deaths.isUnheard(position))
        violate(`${eventId} is parked for attempts of which all were heard`)
    }
    if (isSure && this.#keepsClaim(record, sender))
      violate(`${eventId} is parked by ${sender}, whose claim of it stands`)
  }

  #judgeAlike({ laneId }: WatchedLane, sender: string): void {
    const lanes = this.#alike.get(sender) ?? new Set()
    this.#alike.set(sender, lanes.add(laneId))
    if (lanes.size >= lanesAlike) this.#setting.violate(`${sender} parks ${lanes.size} lanes for one outage`)
  }

  #keepsClaim({ idempotencyKey, errorName }: SeenParked, sender: string): boolean {
    const { claims, history, database } = this.#setting
    // What is not known to have happened is parked with the claim of who had it.
    if (history.habits.ledger !== 'park' || errorName === 'UncertainOutcomeError' || this.troubled.has(sender))
      return false
    if (claims.ofKey(idempotencyKey)?.actor !== sender) return false
    const row = database().row({ pk: { S: `ledger#${history.consumer}#${idempotencyKey}` }, sk: { S: 'claim' } })
    return row !== undefined && row['releasedAt'] === undefined
  }
}
