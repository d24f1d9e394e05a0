import { readFileSync } from 'node:fs'
import { isTidemarkError } from '../errors.ts'
import { packageFolder } from '../internal/package-files.ts'
import { say, UsageError } from './command.ts'
import { commands } from './commands.ts'

/** Runs a command line; returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args
  if (first === undefined || first === '--help' || first === '-h') return say(help())
  if (first === '--version') return say(version())
  if (first.startsWith('-')) return complain(`there is no option ${first}`, help())
  const command = commands.get(first)
  if (command === undefined) return complain(`there is no command '${first}'`, help())
  try {
    return await command.run(rest)
  } catch (error) {
    if (error instanceof UsageError) return complain(error.message, command.usage)
    // What we say on purpose is for whoever typed the command; of anything else the stack is needed to mend it.
    console.error(isTidemarkError(error) ? `tidemark: ${error.message}` : error)
    return 1
  }
}

function help(): string {
  const lines = Array.from(commands, ([name, { summary }]) => `  tidemark ${name.padEnd(12)} ${summary}`)
  return `tidemark: an idempotent consumer for DynamoDB Streams

${lines.join('\n')}
  tidemark --help       This text; tidemark run --help and so on for more
  tidemark --version    The version

Exit codes: 0 all is well, 1 it is not, 2 the command line is wrong.
`
}

function complain(complaint: string, usage: string): number {
  console.error(`tidemark: ${complaint}\n\n${usage.trimEnd()}`)
  return 2
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('package.json', packageFolder()), 'utf8')) as object
  return 'version' in manifest ? String(manifest.version) : 'unknown'
}
