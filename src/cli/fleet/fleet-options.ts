import { awsOptions, coordinationTable } from '../aws/aws-options.ts'
import { nameOfTable, shortName } from '../option-values.ts'
import { required, type Valued } from '../options.ts'

/** The argument that names a consumer. */
export const consumerArgument: { readonly consumer: Valued<string, 'required'> } = {
  consumer: required('consumer', 'The name given to createConsumer', shortName),
}

/** The options that say whose fleet and which DynamoDB. */
export const fleetOptions: typeof awsOptions & {
  readonly table: Valued<string, 'required'>
  readonly coordinationTable: Valued<string, 'required'>
} = {
  table: required('NAME', 'The table whose changes it consumes', nameOfTable),
  coordinationTable,
  ...awsOptions,
}
