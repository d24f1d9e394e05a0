/** Reads the text of a value. Its complaint is a `UsageError` that names the option. */
export type Read<Value> = (option: string, text: string) => Value

interface Described {
  readonly description: string
  /** The heading of the help under which it stands. */
  readonly group?: string
}

/** An option without a value. */
export interface Flag extends Described {
  readonly kind: 'flag'
}

/** An option, or an argument, with a value. */
export interface Valued<Value, Kind extends 'optional' | 'required' | 'many'> extends Described {
  readonly kind: Kind
  /** What the help calls the value. */
  readonly placeholder: string
  readonly read: Read<Value>
  /** Read as if it had been typed when it was not; the help shows it. */
  readonly fallback?: string
}

/** Any of them. `Read<never>` would be the type of all readers, and takes none of their values. */
export type AnyOption = Flag | Valued<unknown, 'optional' | 'required' | 'many'>

/** The options of a command by their names in code: `endpointUrl` is `--endpoint-url`. */
export type OptionTable = { readonly [name: string]: AnyOption }

/** The arguments of a command, in their order. */
export type ArgumentTable = { readonly [name: string]: Valued<unknown, 'optional' | 'required'> }

/** What a command line said, by the names of a table. */
export type Values<Table> = { readonly [Name in keyof Table]: ValueOf<Table[Name]> }

type ValueOf<Option> = Option extends Flag
  ? boolean
  : Option extends Valued<infer Value, infer Kind>
    ? Kind extends 'many'
      ? readonly Value[]
      : Kind extends 'required'
        ? Value
        : Value | undefined
    : never

/** An option that is there or not. */
export function flag(description: string): Flag {
  return { kind: 'flag', description }
}

/** An option that may be left out. */
export function value<Value>(placeholder: string, description: string, read: Read<Value>): Valued<Value, 'optional'> {
  return { kind: 'optional', placeholder, description, read }
}

/** An option, or an argument, that has to be there, or has a value in any case. */
export function required<Value>(
  placeholder: string,
  description: string,
  read: Read<Value>,
  fallback?: string,
): Valued<Value, 'required'> {
  return { kind: 'required', placeholder, description, read, ...(fallback === undefined ? {} : { fallback }) }
}

/** An option that may be given several times. */
export function many<Value>(placeholder: string, description: string, read: Read<Value>): Valued<Value, 'many'> {
  return { kind: 'many', placeholder, description, read }
}

/** Puts options under a heading of the help. */
export function grouped<Table extends OptionTable>(group: string, table: Table): Table {
  const entries = Object.entries(table).map(([name, option]) => [name, { ...option, group }] as const)
  return Object.fromEntries(entries) as unknown as Table
}
