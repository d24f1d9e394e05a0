/**
 * A command of either client of the AWS SDK, as far as it is looked at here: its class's name, its input, and the type
 * of its output.
 */
export interface SdkCommand<Output> {
  readonly input: object
  resolveMiddleware(...parameters: never[]): (...parameters: never[]) => Promise<{ readonly output: Output }>
}

/** The operation's name: that of the command's class, which may be one derived from the SDK's. */
export function operationOf(command: object): string {
  for (let type: unknown = command.constructor; typeof type === 'function'; type = Object.getPrototypeOf(type)) {
    if (type.name.endsWith('Command')) return type.name.slice(0, -'Command'.length)
  }
  return command.constructor.name
}
