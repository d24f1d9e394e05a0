import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ConfigurationError } from '../errors.ts'

/** Options of {@link createFunctionProcess}. */
export interface FunctionProcessOptions {
  /** Absolute path of the module that exports the handler; a `.ts` file needs `tsx`, which is then loaded. */
  readonly modulePath: string
  /** @default 'handler' */
  readonly exportName?: string
  /** Milliseconds after which an invocation is ended by killing its process. Lambda allows up to 900,000. */
  readonly timeoutMs: number
  /** Environment of the process on top of this one's. */
  readonly env?: Readonly<Record<string, string>>
  /** Arguments of Node itself. @default ['--import', 'tsx'] for a `.ts` file, else none */
  readonly execArgv?: readonly string[]
}

/** A Lambda function that runs in processes of its own. */
export interface FunctionProcess {
  /**
   * Calls the handler and resolves with what it returned; can be handed to an event source mapping as it is. Rejects as
   * Lambda would: with the handler's error, `Task timed out after 3.00 seconds`, or `Runtime exited …` when the process
   * ends in the middle. The next call gets a fresh process then.
   */
  readonly invoke: (event: unknown, context?: object) => Promise<unknown>
  /** Ends all processes, in the middle of an invocation too. */
  stop(): Promise<void>
}

/** What a function's process is sent. */
export interface FunctionCall {
  readonly event: unknown
  /** The context's fields; its functions stay here. */
  readonly context: object
  readonly remainingMs: number
}

/** What it answers. */
export interface FunctionAnswer {
  readonly response?: unknown
  readonly error?: { readonly errorType: string; readonly errorMessage: string; readonly stack: string }
}

/**
 * Runs a Lambda handler in real processes, one invocation at a time in each, as Lambda's execution environments do: an
 * idle process is used again with all that its module keeps, calls at the same time get processes of their own, and one
 * that crashed or ran out of time is gone.
 */
export function createFunctionProcess(options: FunctionProcessOptions): FunctionProcess {
  if (!Number.isInteger(options.timeoutMs) || options.timeoutMs < 1 || options.timeoutMs > 900_000) {
    throw new ConfigurationError(`timeoutMs: expected a whole number from 1 to 900000, got ${options.timeoutMs}`)
  }
  const idle: Environment[] = []
  const all = new Set<Environment>()
  return {
    async invoke(event, context = {}) {
      const environment = idle.pop() ?? new Environment(options)
      all.add(environment)
      try {
        return await environment.invoke(event, context)
      } finally {
        if (environment.isAlive) idle.push(environment)
        else all.delete(environment)
      }
    },
    async stop() {
      await Promise.all([...all].map((environment) => environment.end()))
      idle.length = 0
      all.clear()
    },
  }
}

/** One process. */
class Environment {
  readonly #timeoutMs: number
  readonly #child: ChildProcess
  readonly #exited: Promise<Error>
  #isAlive = true

  constructor(options: FunctionProcessOptions) {
    this.#timeoutMs = options.timeoutMs
    this.#child = forkFunction(options)
    this.#exited = new Promise((resolve) => {
      const ended = (error: Error) => {
        this.#isAlive = false
        resolve(error)
      }
      this.#child.once('exit', (code, signal) => ended(runtimeExited(code, signal)))
      this.#child.once('error', ended)
    })
    this.#child.unref()
    this.#child.channel?.unref()
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  async invoke(event: unknown, context: object): Promise<unknown> {
    const remainingMs = Math.min(this.#timeoutMs, remainingOf(context))
    let timer: NodeJS.Timeout | undefined
    const timedOut = new Promise<Error>((resolve) => {
      timer = setTimeout(() => resolve(new Error(`Task timed out after ${(this.#timeoutMs / 1000).toFixed(2)} seconds`)), this.#timeoutMs)
    })
    const ended = Promise.race([this.#exited, timedOut])
    try {
      const outcome = await Promise.race([this.#ask({ event, context: plainFields(context), remainingMs }), ended])
      if (outcome instanceof Error) throw outcome
      return outcome.response
    } catch (error) {
      ...
    } finally {
      clearTimeout(timer)
    }
  }
}
