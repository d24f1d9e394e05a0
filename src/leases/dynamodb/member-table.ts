import type { FleetLook, FleetName, MemberRow, MemberTable, Pause } from '../coordination.ts'
import type { Clock } from '../../internal/clock.ts'
import { type CoordinationOptions, CoordinationRequests } from './coordination.ts'
import { absent, conditionOf } from './expressions.ts'
import { beatFields, memberOf, memberRow } from './member-rows.ts'
import { isPauseRow, memberKey, membersKey, numberOf, pauseKey, pauseOf, pauseRow } from './rows.ts'

/**
 * A fleet's members in the coordination table. A heartbeat is one write unit; reading n members is one request and, at
 * some 200 bytes a row, n / 40 read units, n / 20 when consistent.
 *
 * An id is one incarnation's and never used again, so a row with it is its own whoever asks; all that requests can do to
 * each other is arrive twice, or late. A late beat is behind the row's and changes nothing; a late removal finds a beat
 * that has risen; a late join is known by its token.
 */
export class DynamoDBMemberTable implements MemberTable {
  readonly #requests: CoordinationRequests
  readonly #fleet: FleetName
  readonly #clock: Clock

  constructor(options: CoordinationOptions) {
    this.#requests = new CoordinationRequests(options)
    this.#fleet = options.fleet
    this.#clock = options.clock
  }

  async join(member: MemberRow): Promise<void> {
    // A transaction for its token's sake: a plain put that arrives after the row's removal would raise the dead, whom
    // everybody then counts as a member until it has been silent for a lease's duration. A row that is there is our own.
    const { tableName } = this.#requests
    const row = memberRow(this.#fleet, member, this.#clock.now())
    await this.#requests.transact([{ Put: { TableName: tableName, Item: row, ...conditionOf(absent) } }])
  }

  async beat(member: Pick<MemberRow, 'id' | 'beat' | 'changes' | 'leaving'>): Promise<'alive' | 'gone'> {
    const { row } = await this.#requests.update(
      memberKey(this.#fleet, member.id),
      { set: beatFields(member, this.#clock.now()) },
      { expression: '#beat < :beat', names: ['beat'] }, // false too where there is no row: never brings one back
    )
    // A row of ours that something else wrote to is as good as gone. The others count from when they first saw it as it is
    // now, and wait for our whole lease; beating on, we would be in our right when they take our leases.
    const isOurs = row !== undefined && memberOf(row, this.#requests.tableName).unreadable === undefined
    return isOurs ? 'alive' : 'gone'
  }

  async list(options: { readonly consistent: boolean }): Promise<MemberRow[]> {
    return [...(await this.look(options)).members]
  }

  async look({ consistent }: { readonly consistent: boolean }): Promise<FleetLook> {
    const rows = await this.#requests.query(membersKey(this.#fleet), undefined, consistent)
    const pause = rows.find(isPauseRow)
    const members = rows.filter((row) => row !== pause).map((row) => memberOf(row, this.#requests.tableName))
    return { members, pause: pause === undefined ? undefined : pauseOf(pause) }
  }

  // A lost reply makes these say that it was so before: what they are asked for holds in any case.
  async pause(pause: Pause): Promise<'paused' | 'paused-before'> {
    const { status } = await this.#requests.putNew(pauseRow(this.#fleet, pause))
    return status === 'written' ? 'paused' : 'paused-before'
  }

  async resume(): Promise<'resumed' | 'not-paused'> {
    const { status } = await this.#requests.delete(pauseKey(this.#fleet), {
      expression: 'attribute_exists(pk)',
      names: [],
    })
    return status === 'written' ? 'resumed' : 'not-paused'
  }

  async remove(id: string, beat: number): Promise<'removed' | 'beaten'> {
    const { status } = await this.#requests.delete(memberKey(this.#fleet, id), {
      // Where the beat is no number nobody has beaten: the condition of a beat compares numbers.
      expression: 'attribute_not_exists(pk) OR #beat <= :seen OR NOT attribute_type(#beat, :number)',
      names: ['beat'],
      values: { seen: numberOf(beat), number: { S: 'N' } },
    })
    return status === 'written' ? 'removed' : 'beaten'
  }

  async leave(id: string): Promise<void> {
    await this.#requests.delete(memberKey(this.#fleet, id), undefined)
  }
}
