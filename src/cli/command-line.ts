import { parseArgs, type ParseArgsConfig } from 'node:util'
import { UsageError } from './command.ts'

/** Which options there are: `parseArgs`' own way to say it. */
export type OptionTable = NonNullable<ParseArgsConfig['options']>

/** A command line taken apart. */
export interface CommandLine {
  readonly positionals: readonly string[]
  /** Whether an option without a value was given. */
  has(name: string): boolean
  /** The value of an option that is given at most once. */
  value(name: string): string | undefined
  /** The values of an option that may be given several times. */
  values(name: string): readonly string[]
}

/**
 * Takes a command line apart. The complaints of Node's own strict mode speak to programmers, so this checks what comes out
 * of the loose one.
 *
 * @throws UsageError
 */
export function parseCommandLine(args: readonly string[], options: OptionTable): CommandLine {
  const { tokens, positionals } = parseArgs({ args: [...args], options, strict: false, tokens: true })
  const given = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue = false } = token
    checkOption(options[name], rawName, value, inlineValue)
    const values = given.get(name) ?? []
    if (values.length > 0 && options[name]?.type === 'string' && options[name].multiple !== true)
      throw new UsageError(`${rawName} can be given once; got '${values.join("' and '")}' and '${value ?? ''}'`)
    given.set(name, [...values, value ?? ''])
  }
  return {
    positionals,
    has: (name) => given.has(name),
    value: (name) => given.get(name)?.[0],
    values: (name) => given.get(name) ?? [],
  }
}

function checkOption(
  option: OptionTable[string] | undefined,
  name: string,
  value: string | undefined,
  inline: boolean,
) {
  if (option === undefined) throw new UsageError(`there is no option ${name}`)
  if (option.type === 'boolean') {
    if (value !== undefined) throw new UsageError(`${name} takes no value; got '${value}'`)
    return
  }
  if (value === undefined || value === '') throw new UsageError(`${name} needs a value`)
  // Almost always a value that was forgotten, with the next option in its place; --name=-value says it is meant.
  if (!inline && value.startsWith('-')) throw new UsageError(`${name} needs a value; got '${value}'`)
}
