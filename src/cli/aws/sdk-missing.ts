import { ConfigurationError } from '../../errors.ts'

/** Loads a part of the command that needs the AWS SDK, which is the user's to install; says so when it is not there. */
export async function withSdk<Module>(load: Promise<Module>): Promise<Module> {
  try {
    return await load
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
    if (code !== 'ERR_MODULE_NOT_FOUND' || !String(message).includes('@aws-sdk/')) throw error
    const install = 'npm i @aws-sdk/client-dynamodb @aws-sdk/client-dynamodb-streams'
    throw new ConfigurationError(`this command needs the AWS SDK's clients: ${install}`, { cause: error })
  }
}
