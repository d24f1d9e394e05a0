import { readFileSync } from 'node:fs'
import { packageFolder } from '../internal/package-files.ts'
import { UsageError } from './command.ts'
import { Command as Parser, CommanderError } from './commander.ts'
import { commands } from './commands.ts'
import { exitCodes, exitCodesText } from './exit-codes.ts'
import { failureText } from './failure-text.ts'

/** Runs a command line; returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.ok
  const program = programOf((code) => (exitCode = code))
  if (args.length === 0) program.outputHelp()
  // It stays when this returns, since what was printed may still be on its way; once is enough, however often this is called.
  process.stdout.off('error', ignoreClosedOutput).on('error', ignoreClosedOutput)
  try {
    if (args.length > 0) await program.parseAsync([...args], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok // --help, --version
    if (error instanceof UsageError || error instanceof CommanderError) return complain(error, named(program, args))
    console.error(failureText(error))
    return exitCodes.failed
  }
}

/** Whoever reads our output may have had enough of it (`| head`): that is no failure, and what runs sees it for itself. */
function ignoreClosedOutput(): void {}

function programOf(end: (exitCode: number) => void): Parser {
  const program = new Parser('tidemark')
    .description('An idempotent consumer for DynamoDB Streams.')
    .version(version(), '--version', 'The version')
    .helpCommand(false)
    .addHelpText('after', `\ntidemark COMMAND --help says more of each.\n\n${exitCodesText}`)
  for (const one of commands) program.addCommand(one.parser(end))
  return settled(program)
}

/** What holds for the program and every command below it: the library does not hand these on to commands made apart. */
function settled(parser: Parser): Parser {
  parser
    .exitOverride()
    // What comes after a further word is that command's, also where one before it has an option of the same name.
    .enablePositionalOptions()
    .configureOutput({ writeOut: (text) => console.log(text.trimEnd()), writeErr: () => {} })
    .configureHelp({ helpWidth: Math.min(process.stdout.columns || 80, 100), minWidthToWrap: 20 })
    .helpOption('-h, --help', 'This text')
  for (const one of parser.commands) settled(one)
  return parser
}

/** The command that was meant, as far as it was named. */
function named(parser: Parser, [first, ...rest]: readonly string[]): Parser {
  const below = parser.commands.find((one) => one.name() === first)
  return below === undefined ? parser : named(below, rest)
}

function complain(error: Error, parser: Parser): number {
  const path = pathOf(parser)
  console.error(
    `tidemark: ${complaint(error, parser)}\n\nUsage: ${path} ${parser.usage()}\n       ${path} --help says more.`,
  )
  return exitCodes.usage
}

function complaint({ message }: Error, parser: Parser): string {
  if (message === '(outputHelp)') return `${pathOf(parser)} needs a command`
  return message.replace(/^error: /, '')
}

function pathOf(parser: Parser): string {
  return parser.parent === null ? parser.name() : `${pathOf(parser.parent)} ${parser.name()}`
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('package.json', packageFolder()), 'utf8')) as object
  return 'version' in manifest ? String(manifest.version) : 'unknown'
}
