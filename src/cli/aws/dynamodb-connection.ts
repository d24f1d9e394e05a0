import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { ConfigurationError } from '../../errors.ts'
import { applyAwsOptions } from './aws-environment.ts'
import type { AwsOptions } from './aws-options.ts'

/** The DynamoDB that a command works with. */
export interface Connection {
  readonly dynamodb: DynamoDBClient
  readonly streams: DynamoDBStreamsClient
  /** For people: the region, and the address when it is not AWS's own. */
  readonly place: string
  close(): Promise<void>
}

/** For how long a command waits for DynamoDB, in ms. */
export interface Patience {
  readonly connectionTimeout: number
  readonly requestTimeout: number
}

// The SDK by itself waits for an answer for ever, and a network that drops packets gives none. Each request is tried three times.
const patience: Patience = { connectionTimeout: 3_000, requestTimeout: 8_000 }

/**
 * Makes the clients by the SDK's own chain of flags, variables and files.
 *
 * @throws ConfigurationError when there is no region or there are no credentials.
 */
export async function connect(options: AwsOptions, limits: Patience = patience): Promise<Connection> {
  applyAwsOptions(options, process.env)
  const { endpointUrl } = options
  const requestHandler = { ...limits, throwOnRequestTimeout: true }
  const config = { requestHandler, ...(endpointUrl === undefined ? {} : { endpoint: endpointUrl }) }
  const dynamodb = new DynamoDBClient(config)
  const streams = new DynamoDBStreamsClient(config)
  const region = await regionOf(dynamodb)
  await checkCredentials(dynamodb)
  const endpoint = endpointUrl ?? process.env['AWS_ENDPOINT_URL_DYNAMODB'] ?? process.env['AWS_ENDPOINT_URL']
  const place = endpoint === undefined ? region : `${region} at ${endpoint}`
  return { dynamodb, streams, place, close: () => closed(dynamodb, streams) }
}

async function closed(...clients: readonly { destroy(): void }[]): Promise<void> {
  for (const client of clients) client.destroy()
}

async function regionOf({ config }: DynamoDBClient): Promise<string> {
  try {
    return await config.region()
  } catch (error) {
    // The SDK has one error for each: the variable is where `--region` and the AWS CLI's names for it have come together.
    const given = process.env['AWS_REGION']
    const said = given === undefined || given === '' ? 'there is no AWS region' : `'${given}' is no AWS region`
    throw new ConfigurationError(`${said}: give --region, set AWS_REGION, or set one in your profile (aws configure)`, {
      cause: error,
    })
  }
}

async function checkCredentials({ config }: DynamoDBClient): Promise<void> {
  try {
    await config.credentials()
  } catch (error) {
    const said = error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
    const profile = process.env['AWS_PROFILE']
    const where = profile === undefined ? '' : ` in the profile '${profile}'`
    throw new ConfigurationError(
      `there are no AWS credentials${where}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, give --profile, or log in ` +
        `(aws sso login); a local DynamoDB takes any. The AWS SDK says: ${said}`,
      { cause: error },
    )
  }
}
