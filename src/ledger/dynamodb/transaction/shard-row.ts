import { UpdateItemCommand, type TransactWriteItem } from '@aws-sdk/client-dynamodb'
import { LeaseLostError } from '../../../errors.ts'
import { classifyAwsError } from '../../../internal/aws-error.ts'
import { epochSeconds, numberIn, type Row } from '../rows.ts'
import type { TransactionSetting } from './setting.ts'
import type { TableRequests } from '../requests.ts'
import type { LedgerShard, ShardRecordsOf } from '../../ledger.ts'
import type { ShardMark } from '../../shard-order.ts'

/** The shard's mark as it stands in its row, and the write that left it so. */
export interface StoredMark extends ShardMark {
  readonly commitId: string
}

/**
 * The one row that says which records of a shard have taken effect:
 *
 *     pk                                          sk      attributes
 *     shard#<consumer>#<table>#<label>#<shard>    mark    epoch, leaseCreatedAt, owner, commitId, openings, through, holes, expiresAt
 *
 * It is a chain: each write names the one before it (`commitId`) and the epoch, and is refused where another came between.
 * So of two writes made on one state of it, however late they arrive, one is applied; and whoever reads it knows which. An
 * opening names nothing, and one that arrives once more puts its own name back: so openings are counted, and a write names
 * their count as well. Without it, a commit that was given up and comes behind such a repetition would find the state it was
 * made on, although it has been done again since.
 *
 *     absent ── open ──▶ held (epoch e) ── commit ──▶ held (epoch e) ── open, epoch e or later ──▶ held: older links are refused
 */
export class ShardRow {
  readonly #shard: LedgerShard
  readonly #setting: TransactionSetting
  // As the last opening left it.
  #openings = 0
  readonly #key: { readonly pk: { readonly S: string }; readonly sk: { readonly S: string } }

  constructor(shard: LedgerShard, setting: TransactionSetting) {
    this.#shard = shard
    this.#setting = setting
    this.#key = keyOf(shard)
  }

  /**
   * Makes the row this owner's, unless a later one has it, and reads it. Epochs count within one life of the lease's row: a
   * lease that was deleted and made anew begins at 1, and is the later one by its creation.
   */
  async open(): Promise<StoredMark> {
    const { requests, random } = this.#setting
    const { epoch, leaseCreatedAt, owner } = this.#shard
    const update = new UpdateItemCommand({
      TableName: this.#setting.tableName,
      Key: this.#key,
      ConditionExpression: 'attribute_not_exists(pk) OR #epoch <= :epoch OR #leaseCreatedAt < :leaseCreatedAt',
      UpdateExpression:
        'SET #epoch = :epoch, #leaseCreatedAt = :leaseCreatedAt, #owner = :owner, #commitId = :commitId, #expiresAt = :expiresAt ' +
        'ADD #openings :one',
      ExpressionAttributeNames: names('epoch', 'leaseCreatedAt', 'owner', 'commitId', 'openings', 'expiresAt'),
      ExpressionAttributeValues: {
        ':epoch': { N: String(epoch) },
        ':leaseCreatedAt': { N: String(leaseCreatedAt) },
        ':owner': { S: owner },
        ':commitId': { S: random.id() },
        ':one': { N: '1' },
        ':expiresAt': this.#expiresAt(),
      },
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
    try {
      const { Attributes = {} } = await requests.send('write', (client) => client.send(update))
      this.#openings = numberIn(Attributes, 'openings')
      return markOf(Attributes)
    } catch (error) {
      if (classifyAwsError(error) !== 'conditional-check-failed') throw error
      throw this.#lost((error as { readonly Item?: Row }).Item ?? {})
    }
  }

  /** The next link: `mark` in place of what `previous` left. */
  advance(previous: string, commitId: string, { through, holes }: ShardMark): TransactWriteItem {
    return {
      Update: {
        TableName: this.#setting.tableName,
        Key: this.#key,
        ConditionExpression: '#epoch = :epoch AND #commitId = :previous AND #openings = :openings',
        UpdateExpression: 'SET #commitId = :commitId, #through = :through, #holes = :holes, #expiresAt = :expiresAt',
        ExpressionAttributeNames: names('epoch', 'commitId', 'openings', 'through', 'holes', 'expiresAt'),
        ExpressionAttributeValues: {
          ':epoch': { N: String(this.#shard.epoch) },
          ':previous': { S: previous },
          ':openings': { N: String(this.#openings) },
          ':commitId': { S: commitId },
          ':through': { S: through },
          ':holes': { M: Object.fromEntries(Array.from(holes, ([lane, from]) => [lane, { S: from }])) },
          ':expiresAt': this.#expiresAt(),
        },
      },
    }
  }

  #expiresAt(): { readonly N: string } & { N: string } {
    const { clock, keepMs } = this.#setting
    return { N: String(epochSeconds(clock.now() + keepMs)) }
  }

  get #name(): string {
    return `{ pk: '${this.#key.pk.S}', sk: 'mark' } of table '${this.#setting.tableName}'`
  }

  #lost(row: Row): LeaseLostError {
    const owner = row['owner']?.S ?? 'unknown'
    return new LeaseLostError(
      `the shard is another worker's: its mark ${this.#name} has epoch ${numberIn(row, 'epoch')} of '${owner}', and ours is ` +
        `${this.#shard.epoch}. If no such worker runs, the lease was deleted and made anew on a machine whose clock is ` +
        `behind: set 'epoch' to 0 in that row, which keeps what it remembers`,
    )
  }
}

/** The shard's mark, for whoever only looks; `undefined` where nobody has opened the shard. */
export async function readShardMark(requests: TableRequests, shard: ShardRecordsOf): Promise<ShardMark | undefined> {
  const [row] = await requests.read([keyOf(shard)])
  return row && markOf(row)
}

function keyOf({ consumer, tableName, streamLabel, shardId }: ShardRecordsOf) {
  return { pk: { S: `shard#${consumer}#${tableName}#${streamLabel}#${shardId}` }, sk: { S: 'mark' } }
}

function markOf(row: Row): StoredMark {
  const holes = Object.entries(row['holes']?.M ?? {}).map(([lane, from]): [string, string] => [lane, from.S ?? ''])
  return { commitId: row['commitId']?.S ?? '', through: row['through']?.S ?? '', holes: new Map(holes) }
}

function names(...attributes: string[]): Record<string, string> {
  return Object.fromEntries(attributes.map((name) => [`#${name}`, name]))
}
