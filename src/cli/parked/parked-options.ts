import { awsOptions, type AwsOptions } from '../aws/aws-options.ts'
import { anyText, nameOfTable } from '../option-values.ts'
import { required, value, type Valued } from '../options.ts'

/** Whose parked records are meant, and where they are. */
export interface ParkedOptions extends AwsOptions {
  readonly consumer: string
  readonly parkingTable: string
}

/** The same, for commands that do not need the consumer's code but may be told where it is. */
export interface LookedUpOptions extends ParkedOptions {
  readonly module: string | undefined
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

/** The options of commands that look parked records up. */
export const lookedUpOptions: typeof parkedOptions & { readonly module: Valued<string, 'optional'> } = {
  module: value(
    'FILE',
    'The file that exports the consumer, where it parks in PostgreSQL or has said where else',
    anyText,
  ),
  ...parkedOptions,
}
