import { createInterface } from 'node:readline/promises'
import { UsageError } from './command.ts'

/**
 * Asks before something that can't be undone. With `--yes` it is agreed; on a terminal the person is asked; else nobody can
 * be, and that is a wrong command line.
 */
export async function confirm(question: string, yes: boolean): Promise<boolean> {
  if (yes) return true
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new UsageError(`${question} Say so with --yes: there is no terminal to ask at`)
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  // Ctrl+C and Ctrl+D are answers, too.
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')))
  const answer = await Promise.race([terminal.question(`${question} [y/N] `), closed])
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}
