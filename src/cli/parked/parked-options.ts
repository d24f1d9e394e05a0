import { awsOptions, type AwsOptions } from '../aws/aws-options.ts'
import { nameOfTable } from '../option-values.ts'
import { required, type Valued } from '../options.ts'

/** Whose parked records are meant, and where they are. */
export interface ParkedOptions extends AwsOptions {
  readonly consumer: string
  readonly parkingTable: string
}

/** The options that every command about parked records has. */
export const parkedOptions: typeof awsOptions & { readonly parkingTable: Valued<string, 'required'> } = {
  parkingTable: required(
    'NAME',
    "Where records are parked: the ledger's table, or a worker's coordination table",
    nameOfTable,
    'tidemark',
  ),
  ...awsOptions,
}
