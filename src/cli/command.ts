/** A word that can follow `tidemark`. */
export interface Command {
  /** What `tidemark --help` says of it: one line. */
  readonly summary: string
  /** What is printed below a complaint about its command line. */
  readonly usage: string
  /** Runs it with what follows its name; resolves with the exit code. Complaints are thrown as {@link UsageError}. */
  run(args: readonly string[]): Promise<number>
}

/** The command line is wrong; nothing was done. The message names the option and the value. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Prints what was asked for; the exit code of having done so. */
export function say(text: string): number {
  console.log(text.trimEnd())
  return 0
}
