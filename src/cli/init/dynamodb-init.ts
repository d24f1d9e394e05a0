import { createTidemarkTable } from '../../ledger/dynamodb/table.ts'
import type { AwsOptions } from '../aws/aws-options.ts'
import { connect } from '../aws/dynamodb-connection.ts'
import { exitCodes } from '../exit-codes.ts'

/** Creates the table, or sees to the one that is there. */
export async function init(tableName: string, aws: AwsOptions): Promise<number> {
  const { dynamodb, place, close } = await connect(aws)
  try {
    await createTidemarkTable({ client: dynamodb, tableName })
    console.log(`table '${tableName}' in ${place} is ready`)
    return exitCodes.ok
  } finally {
    await close()
  }
}
