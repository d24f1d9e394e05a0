import { PutItemCommand, ScanCommand, UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb'
import { ConfigurationError, CoordinationError } from '../../errors.ts'
import { classifyAwsError, isTransientAwsError } from '../../internal/aws-error.ts'
import type { DynamoDBSender } from '../../ledger/dynamodb/send.ts'
import { hashKeyRange, newKclRow, readKclLease, type KclRow } from './dynamodb-kcl-rows.ts'
import type { KclLease } from './kcl-lease.ts'

/** What a KCL lease table holds. */
export interface KclListing {
  readonly leases: readonly KclLease[]
  /** Rows that look like leases and can't be read, in words. */
  readonly unreadable: readonly string[]
}

/** KCL's lease table. Its workers must be stopped: KCL gives leases to its own kind only and would fight for them. */
export class KclLeaseTable {
  readonly tableName: string
  readonly #client: DynamoDBSender

  constructor(client: DynamoDBSender, tableName: string) {
    this.#client = client
    this.tableName = tableName
  }

  /** All leases, strongly consistent. */
  async list(): Promise<KclListing> {
    const leases: KclLease[] = []
    const unreadable: string[] = []
    let start: KclRow | undefined
    do {
      const scan = new ScanCommand({ TableName: this.tableName, ConsistentRead: true, ExclusiveStartKey: start })
      const { Items = [], LastEvaluatedKey } = await this.#send('read', () => this.#client.send(scan))
      for (const lease of Items.map(readKclLease)) {
        if (typeof lease === 'string') unreadable.push(lease)
        else if (lease !== undefined) leases.push(lease)
      }
      start = LastEvaluatedKey
    } while (start !== undefined)
    return { leases, unreadable }
  }

  /** Writes the row of a lease that KCL does not have; `changed` when it has one by now. */
  async create(lease: KclLease): Promise<'written' | 'changed'> {
    const put = new PutItemCommand({
      TableName: this.tableName,
      Item: newKclRow(lease),
      ConditionExpression: 'attribute_not_exists(leaseKey)', // DynamoDBLeaseRefresher.java:762-766
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
    return this.#write(lease, () => this.#client.send(put))
  }

  /**
   * Writes a lease over the row as it was seen. Only what KCL's own checkpoint writes is touched
   * (`getDynamoUpdateLeaseUpdate`, 342-404), and the owners are taken out as KCL does when it gives a lease up
   * (`getDynamoEvictLeaseUpdate`, 314-332): attributes of other versions stay.
   */
  async update(lease: KclLease): Promise<'written' | 'changed'> {
    const children: Record<string, AttributeValue> =
      lease.childShardIds.length === 0 ? {} : { ':children': { SS: [...lease.childShardIds] } }
    const update = new UpdateItemCommand({
      TableName: this.tableName,
      Key: { leaseKey: { S: lease.leaseKey } },
      UpdateExpression:
        'SET leaseCounter = :counter, #checkpoint = :checkpoint, checkpointSubSequenceNumber = :zero, ' +
        'ownerSwitchesSinceCheckpoint = :zero, startingHashKey = if_not_exists(startingHashKey, :starting), ' +
        `endingHashKey = if_not_exists(endingHashKey, :ending)${':children' in children ? ', childShardIds = :children' : ''} ` +
        'REMOVE leaseOwner, checkpointOwner, pendingCheckpoint, pendingCheckpointSubSequenceNumber, pendingCheckpointState',
      // KCL's optimistic lock: a worker that came back meanwhile has raised the counter.
      ConditionExpression: 'leaseCounter = :seen',
      ExpressionAttributeNames: { '#checkpoint': 'checkpoint' },
      ExpressionAttributeValues: {
        ':seen': { N: String(lease.leaseCounter - 1) },
        ':counter': { N: String(lease.leaseCounter) },
        ':checkpoint': { S: lease.checkpoint },
        ':zero': { N: '0' },
        ':starting': hashKeyRange['startingHashKey'] ?? { S: '0' },
        ':ending': hashKeyRange['endingHashKey'] ?? { S: '1' },
        ...children,
      },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
    return this.#write(lease, () => this.#client.send(update))
  }

  async #write(lease: KclLease, request: () => Promise<unknown>): Promise<'written' | 'changed'> {
    try {
      await this.#send('write', request)
      return 'written'
    } catch (error) {
      if (classifyAwsError(error) !== 'conditional-check-failed') throw error
      // The client sends again what it got no reply to: the row that refuses may be our own writing.
      const row = (error as { readonly Item?: KclRow }).Item
      const found = row === undefined ? undefined : readKclLease(row)
      return typeof found === 'object' && isAsWritten(found, lease) ? 'written' : 'changed'
    }
  }

  async #send<Result>(verb: 'read' | 'write', request: () => Promise<Result>): Promise<Result> {
    try {
      return await request()
    } catch (error) {
      const kind = classifyAwsError(error)
      if (kind === 'conditional-check-failed') throw error
      if (kind === 'resource-not-found')
        throw new ConfigurationError(
          `there is no KCL lease table '${this.tableName}' in the client's region; its name is KCL's applicationName`,
          { cause: error },
        )
      const said = error instanceof Error ? error.message : String(error)
      throw new CoordinationError(`could not ${verb} the KCL lease table '${this.tableName}': ${said}`, {
        cause: error,
        retryable: isTransientAwsError(error),
      })
    }
  }
}

function isAsWritten(found: KclLease, lease: KclLease): boolean {
  return (
    found.leaseCounter === lease.leaseCounter &&
    found.checkpoint === lease.checkpoint &&
    found.leaseOwner === undefined &&
    found.checkpointOwner === undefined
  )
}
