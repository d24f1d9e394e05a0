import type { FleetName, MemberRow, MemberTable } from './coordination.ts'
import type { Clock } from '../internal/clock.ts'
import { type CoordinationOptions, CoordinationRequests } from './dynamodb-coordination.ts'
import { absent, conditionOf } from './dynamodb-expressions.ts'
import { beatFields, memberKey, memberOf, memberRow, membersKey, numberOf } from './dynamodb-rows.ts'

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
    const { status, row } = await this.#requests.update(
      memberKey(this.#fleet, member.id),
      { set: beatFields(member, this.#clock.now()) },
      { expression: '#beat < :beat', names: ['beat'] }, // false too where there is no row: never brings one back
    )
    return status === 'written' || row !== undefined ? 'alive' : 'gone'
  }

  async list({ consistent }: { readonly consistent: boolean }): Promise<MemberRow[]> {
    const rows = await this.#requests.query(membersKey(this.#fleet), undefined, consistent)
    return rows.map((row) => memberOf(row, this.#requests.tableName))
  }

  async remove(id: string, beat: number): Promise<'removed' | 'beaten'> {
    const { status } = await this.#requests.delete(memberKey(this.#fleet, id), {
      expression: 'attribute_not_exists(pk) OR #beat <= :seen',
      names: ['beat'],
      values: { seen: numberOf(beat) },
    })
    return status === 'written' ? 'removed' : 'beaten'
  }

  async leave(id: string): Promise<void> {
    await this.#requests.delete(memberKey(this.#fleet, id), undefined)
  }
}
