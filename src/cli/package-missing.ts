import { ConfigurationError } from '../errors.ts'

/** Loads a part of the command that needs a package which is the user's to install; says so when it is not there. */
export async function withPackage<Module>(
  load: Promise<Module>,
  { prefix, needs }: { readonly prefix: string; readonly needs: string },
): Promise<Module> {
  try {
    return await load
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
    if (code !== 'ERR_MODULE_NOT_FOUND' || !String(message).includes(`'${prefix}`)) throw error
    throw new ConfigurationError(`this command needs ${needs}`, { cause: error })
  }
}
