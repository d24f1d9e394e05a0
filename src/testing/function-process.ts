import { ConfigurationError } from '../errors.ts'
import { FunctionEnvironment } from './function-environment.ts'

/** Options of {@link createFunctionProcess}. */
export interface FunctionProcessOptions {
  /** Absolute path of the module that exports the handler. A `.ts` file needs `tsx`, which is then loaded. */
  readonly modulePath: string
  /** @default 'handler' */
  readonly exportName?: string
  /** Milliseconds after which an invocation is ended by killing its process, 1 to 900,000 as in Lambda. */
  readonly timeoutMs: number
  /** Environment of the process on top of this one's. */
  readonly env?: Readonly<Record<string, string>>
  /** Arguments of Node itself. @default ['--import', 'tsx'] for a `.ts` file, else none */
  readonly execArgv?: readonly string[]
}

/** A Lambda function that runs in processes of its own. */
export interface FunctionProcess {
  /**
   * Calls the handler and resolves with what it returned; can be an event source mapping's `handler` as it is. Rejects as
   * Lambda does: with the handler's error, with `Task timed out after 3.00 seconds`, or with `Runtime exited …` when the
   * process ends in the middle. The next call then gets a fresh process.
   */
  readonly invoke: (event: unknown, context?: object) => Promise<unknown>
  /** Ends all processes, also in the middle of an invocation, which then rejects. */
  stop(): Promise<void>
}

/**
 * Runs a Lambda handler in real processes, one invocation at a time in each, as Lambda's execution environments do: an
 * idle process is used again with all that its module keeps, calls at the same time get processes of their own, and one
 * that crashed or ran out of time is gone. What the handler prints goes to this process's output.
 */
export function createFunctionProcess(options: FunctionProcessOptions): FunctionProcess {
  const { timeoutMs } = options
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 900_000)
    throw new ConfigurationError(`timeoutMs: expected a whole number from 1 to 900000, got ${timeoutMs}`)
  const environments = new Set<FunctionEnvironment>()
  return {
    async invoke(event, context = {}) {
      for (const environment of environments) if (!environment.isAlive) environments.delete(environment)
      const environment = [...environments].find(({ isBusy }) => !isBusy) ?? new FunctionEnvironment(options)
      environments.add(environment)
      return await environment.invoke(event, context)
    },
    async stop() {
      await Promise.all([...environments].map((environment) => environment.end()))
      environments.clear()
    },
  }
}
