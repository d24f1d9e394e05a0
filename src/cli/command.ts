import { Argument, Command as Parser, Option } from './commander.ts'
import { exitCodesText } from './exit-codes.ts'
import type { AnyOption, ArgumentTable, OptionTable, Values } from './options.ts'

/** The command line is wrong; nothing was done. The message names the option and the value. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A word that can follow `tidemark`, or another such word. */
export interface Command {
  readonly name: string
  /** What the list of commands says of it: one line. */
  readonly summary: string
  /** Makes its parser. `end` is told the exit code of a run. */
  parser(end: (exitCode: number) => void): Parser
}

/** What there is to say of a command. */
export interface CommandText<Arguments, Options> {
  readonly name: string
  readonly summary: string
  /** What its own help says above the options, beyond the summary: paragraphs, which the help wraps. */
  readonly description?: string
  readonly arguments?: Arguments
  readonly options: Options
  /** What its own help says below the options, in lines of up to 80 characters. */
  readonly notes?: string
  /** Commands below it, by a further word; without one it runs itself. */
  readonly commands?: readonly Command[]
  /** Runs it, having loaded what it needs, and no sooner; resolves with the exit code. `line` is what was typed. */
  run(values: Values<Arguments> & Values<Options>, line: string): Promise<number>
}

/** A command that does something. */
export function command<Arguments extends ArgumentTable, Options extends OptionTable>(
  text: CommandText<Arguments, Options>,
): Command {
  const { name, summary, description, notes, run } = text
  return {
    ...{ name, summary },
    parser: (end) => {
      const parser = new Parser(name).summary(summary).description(joined(summary, description))
      const table: ArgumentTable = text.arguments ?? {}
      for (const [key, argument] of Object.entries(table)) parser.addArgument(argumentOf(key, argument))
      for (const [key, option] of Object.entries(text.options)) parser.addOption(optionOf(key, option))
      for (const one of text.commands ?? []) parser.addCommand(one.parser(end))
      parser.helpCommand(false).addHelpText('after', `\n${joined(notes, exitCodesText)}`)
      parser.action(async (...given: readonly unknown[]) => {
        const args = Object.fromEntries(Object.keys(table).map((key, index) => [key, given[index]]))
        const typed = { ...defaults(text.options), ...parser.opts(), ...args }
        // What the library hands on was read by the tables' own readers, whose types these are.
        end(await run(typed as Values<Arguments> & Values<Options>, typedLine()))
      })
      return parser
    },
  }
}

/** A command that is nothing but the commands below it. */
export function group(name: string, summary: string, commands: readonly Command[], description?: string): Command {
  return {
    ...{ name, summary },
    parser: (end) => {
      const parser = new Parser(name).summary(summary).description(joined(summary, description))
      for (const one of commands) parser.addCommand(one.parser(end))
      return parser.helpCommand(false).addHelpText('after', `\n${exitCodesText}`)
    },
  }
}

function argumentOf(key: string, { kind, placeholder, description, read }: ArgumentTable[string]): Argument {
  const name = kind === 'required' ? `<${placeholder}>` : `[${placeholder}]`
  return new Argument(name, description).argParser((text) => read(placeholder === '' ? key : placeholder, text))
}

function optionOf(key: string, option: AnyOption): Option {
  const name = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  const made = new Option(option.kind === 'flag' ? name : `${name} <${option.placeholder}>`, option.description)
  if (option.group !== undefined) made.helpGroup(`${option.group}:`)
  if (option.kind === 'flag') return made
  const { kind, read, fallback } = option
  if (fallback !== undefined) made.default(read(name, fallback), fallback)
  else if (kind === 'required') made.makeOptionMandatory()
  return made.argParser((text, previous: unknown) => {
    const one = read(name, presentValue(name, text))
    return kind === 'many' ? [...((previous as readonly unknown[] | undefined) ?? []), one] : one
  })
}

/** Almost always a value that was forgotten, with the next option in its place. */
function presentValue(name: string, text: string): string {
  if (text === '' || text.startsWith('--')) throw new UsageError(`${name} needs a value; got '${text}'`)
  return text
}

/** What options are that were not given. */
function defaults(options: OptionTable): { readonly [name: string]: unknown } {
  const entries = Object.entries(options).map(([name, { kind }]) => [name, absent[kind]] as const)
  return Object.fromEntries(entries)
}

const absent = { flag: false, many: [], optional: undefined, required: undefined } as const

function joined(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join('\n\n')
}

/** The command line as a shell takes it, to be told what to type instead. */
function typedLine(): string {
  return ['npx tidemark', ...process.argv.slice(2).map(quoted)].join(' ')
}

function quoted(argument: string): string {
  return /^[\w./:=@,+-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`
}
