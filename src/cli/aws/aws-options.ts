import { httpUrl, anyText, nameOfTable } from '../option-values.ts'
import { grouped, type OptionTable, required, value, type Valued } from '../options.ts'

/** Which DynamoDB is meant, in the words of the AWS CLI. */
export interface AwsOptions {
  readonly endpointUrl: string | undefined
  readonly region: string | undefined
  readonly profile: string | undefined
}

/** The options by which every command that talks to DynamoDB is told which one. */
export const awsOptions: { readonly [Name in keyof AwsOptions]: Valued<string, 'optional'> } = grouped(
  'Which DynamoDB, as in the AWS CLI (AWS_REGION and so on count too)',
  {
    region: value('NAME', 'The region', anyText),
    profile: value('NAME', 'The profile of your credentials', anyText),
    endpointUrl: value('URL', 'The address, when it is not AWS', httpUrl),
  } satisfies OptionTable,
)

/** The option that names the table of leases and checkpoints. */
export const coordinationTable: Valued<string, 'required'> = required(
  'NAME',
  'Where leases and checkpoints are',
  nameOfTable,
  'tidemark',
)
