import { DescribeTableCommand } from '@aws-sdk/client-dynamodb'
import { ConfigurationError, LedgerError } from '../../../errors.ts'
import { classifyAwsError } from '../../../internal/aws-error.ts'
import type { Request } from '../send.ts'

/** The attributes that a table's primary key is made of. */
export interface KeySchema {
  readonly partitionKey: string
  readonly sortKey?: string
}

/** Sends a request, again as long as that may help. */
export type Send = <Result>(verb: 'read' | 'write', request: Request<Result>) => Promise<Result>

/**
 * The key schemas of the tables that transactions write to: which attributes of an item that is put are its key, so that no
 * item is written twice in one transaction. Given by the user, or asked of DynamoDB once a table.
 */
export class KeySchemas {
  readonly #known: Map<string, KeySchema>
  readonly #asked = new Map<string, Promise<KeySchema>>()
  readonly #send: Send

  constructor(given: { readonly [tableName: string]: KeySchema }, send: Send) {
    this.#known = new Map(Object.entries(given))
    this.#send = send
  }

  /** The schema, if it is known by now. */
  get(tableName: string): KeySchema | undefined {
    return this.#known.get(tableName)
  }

  /** The schema, asked for where it is not known. What can't be answered is asked again the next time. */
  async ask(tableName: string): Promise<KeySchema> {
    const known = this.#known.get(tableName)
    if (known !== undefined) return known
    const asked = this.#asked.get(tableName) ?? this.#describe(tableName)
    this.#asked.set(tableName, asked)
    try {
      const schema = await asked
      this.#known.set(tableName, schema)
      return schema
    } finally {
      this.#asked.delete(tableName)
    }
  }

  async #describe(TableName: string): Promise<KeySchema> {
    try {
      const { Table } = await this.#send('read', (client) => client.send(new DescribeTableCommand({ TableName })))
      const named = (type: 'HASH' | 'RANGE') => Table?.KeySchema?.find(({ KeyType }) => KeyType === type)?.AttributeName
      const [partitionKey, sortKey] = [named('HASH'), named('RANGE')]
      if (partitionKey !== undefined) return sortKey === undefined ? { partitionKey } : { partitionKey, sortKey }
      throw new LedgerError(`DynamoDB did not tell the key of table '${TableName}'`, { retryable: true })
    } catch (error) {
      throw explained(TableName, error)
    }
  }
}

function explained(tableName: string, error: unknown): unknown {
  const kind = classifyAwsError((error as { readonly cause?: unknown } | null)?.cause)
  const option = `dynamodbTransactionLedger({ tables: { '${tableName}': { partitionKey: '…' } } })`
  if (kind === 'access-denied')
    return new ConfigurationError(
      `the key of table '${tableName}', to which a handler puts, is not known: allow dynamodb:DescribeTable on it, or say ` +
        `it in ${option}`,
      { cause: error },
    )
  if (kind !== 'resource-not-found') return error
  return new ConfigurationError(`there is no table '${tableName}', to which a handler puts, in the client's region`, {
    cause: error,
  })
}
