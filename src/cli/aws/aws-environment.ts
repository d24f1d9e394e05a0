import type { AwsOptions } from './aws-options.ts'

/** Environment variables, as in `process.env`. */
export type Environment = Record<string, string | undefined>

/**
 * Turns what was typed into the variables that the SDK reads, before the user's module is loaded: the clients that it makes
 * for itself, of its ledger for one, then meet the same DynamoDB as ours.
 */
export function applyAwsOptions({ endpointUrl, region, profile }: AwsOptions, environment: Environment): void {
  if (region !== undefined) environment['AWS_REGION'] = region
  if (profile !== undefined) {
    environment['AWS_PROFILE'] = profile
    // Typed here and now, so it counts more than keys that lie about in the environment, as it does for the AWS CLI.
    delete environment['AWS_ACCESS_KEY_ID']
    delete environment['AWS_SECRET_ACCESS_KEY']
    delete environment['AWS_SESSION_TOKEN']
  }
  // The AWS CLI's second name for the region, which the JavaScript SDK does not know.
  const fallback = environment['AWS_DEFAULT_REGION']
  if (fallback !== undefined) environment['AWS_REGION'] ??= fallback
  if (endpointUrl !== undefined) applyEndpoint(endpointUrl, environment)
  // On Node 20 the SDK says in every process that its days are numbered: not what a command's output is for.
  environment['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
}

/** The same for the DynamoDB in this process, which takes any credentials and has none of its own to protect. */
export function applyEmbedded(endpoint: string, region: string, environment: Environment): void {
  applyEndpoint(endpoint, environment)
  // Clients of a consumer sign for the region they are told, and find the embedded tables in any.
  environment['AWS_REGION'] ??= region
  environment['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
  if (environment['AWS_ACCESS_KEY_ID'] !== undefined || environment['AWS_PROFILE'] !== undefined) return
  environment['AWS_ACCESS_KEY_ID'] = 'local'
  environment['AWS_SECRET_ACCESS_KEY'] = 'local'
}

// Streams answer at an address of their own on AWS, at the same one in every local DynamoDB.
function applyEndpoint(endpoint: string, environment: Environment): void {
  environment['AWS_ENDPOINT_URL_DYNAMODB'] = endpoint
  environment['AWS_ENDPOINT_URL_DYNAMODB_STREAMS'] = endpoint
}
