import { isTidemarkError } from '../errors.ts'
import { awsFault } from './aws/aws-fault.ts'

/** What is printed when a command fails. */
export function failureText(error: unknown): string {
  const fault = awsFault(error)
  if (fault !== undefined) return `tidemark: ${fault}`
  // What we say on purpose is for whoever typed the command; of anything else the stack is needed to mend it.
  if (isTidemarkError(error)) return `tidemark: ${error.message}`
  return `tidemark: this is a bug of tidemark, please report it: ${error instanceof Error ? error.stack : String(error)}`
}
