import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ownModule } from '../internal/package-files.ts'
import { systemClock } from '../internal/system.ts'
import type { FunctionProcessOptions } from './function-process.ts'
import { killAtExit } from './kill-at-exit.ts'

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
  readonly error?: { readonly errorType: string; readonly errorMessage: string; readonly stack: string | undefined }
  /** The module did not load and will not in this process. */
  readonly isUseless?: boolean
}

/** One process that runs a handler, one invocation at a time. */
export class FunctionEnvironment {
  readonly #timeoutMs: number
  readonly #child: ChildProcess
  readonly #exited: Promise<Error>
  isAlive: boolean = true
  isBusy: boolean = false

  constructor(options: FunctionProcessOptions) {
    this.#timeoutMs = options.timeoutMs
    this.#child = forkFunction(options)
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(this.#gone(runtimeExited(code, signal))))
      this.#child.once('error', (error) => resolve(this.#gone(error)))
    })
    // An idle process does not keep this one alive, and does not outlive it.
    this.#child.unref()
    this.#child.channel?.unref()
    killAtExit(this.#child)
  }

  async invoke(event: unknown, context: object): Promise<unknown> {
    this.isBusy = true
    const limit = timeLimit(this.#timeoutMs)
    try {
      const call = { event, context: dataOf(context), remainingMs: Math.min(this.#timeoutMs, remainingOf(context)) }
      const answer = await Promise.race([this.#ask(call), this.#exited, limit.passed])
      if (answer instanceof Error) throw answer
      if (answer.isUseless === true) await this.end()
      if (answer.error !== undefined) throw functionError(answer.error)
      return answer.response
    } finally {
      limit.cancel()
      if (limit.hasPassed()) await this.end()
      this.isBusy = false
    }
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL')
    this.#child.ref() // who waits for its end must live to see it
    await this.#exited
  }

  #ask(call: FunctionCall): Promise<FunctionAnswer> {
    return new Promise((resolve) => {
      this.#child.once('message', (answer) => resolve(answer as FunctionAnswer)) // the bootstrap sends nothing else
      this.#child.send(call, () => {}) // a process that can't be reached has ended, and that is told by its exit
    })
  }

  #gone(error: Error): Error {
    this.isAlive = false
    return error
  }
}

function forkFunction({ modulePath, exportName = 'handler', env, execArgv }: FunctionProcessOptions): ChildProcess {
  const bootstrap = fileURLToPath(ownModule('testing/function-bootstrap'))
  const needsTsx = [bootstrap, modulePath].some((path) => /\.[cm]?ts$/.test(path))
  return fork(bootstrap, [modulePath, exportName], {
    env: { ...process.env, ...env },
    execArgv: [...(execArgv ?? (needsTsx ? ['--import', 'tsx'] : []))],
  })
}

function runtimeExited(code: number | null, signal: NodeJS.Signals | null): Error {
  if (code === 0) return new Error('Runtime exited without providing a reason')
  return new Error(`Runtime exited with error: ${signal === null ? `exit status ${code}` : `signal: ${signal}`}`)
}

function functionError({ errorType, errorMessage, stack }: NonNullable<FunctionAnswer['error']>): Error {
  const error = new Error(errorMessage)
  error.name = errorType
  if (stack !== undefined) error.stack = stack
  return error
}

interface TimeLimit {
  readonly passed: Promise<Error>
  hasPassed(): boolean
  cancel(): void
}

function timeLimit(timeoutMs: number): TimeLimit {
  let hasPassed = false
  let cancel = () => {}
  const passed = new Promise<Error>((resolve) => {
    cancel = systemClock.schedule(timeoutMs, () => {
      hasPassed = true
      resolve(new Error(`Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`))
    })
  })
  return { passed, hasPassed: () => hasPassed, cancel }
}

function remainingOf(context: object): number {
  const remaining: unknown = Reflect.get(context, 'getRemainingTimeInMillis')
  const ms: unknown = typeof remaining === 'function' ? Reflect.apply(remaining, context, []) : undefined
  return typeof ms === 'number' ? ms : Infinity
}

function dataOf(context: object): object {
  return Object.fromEntries(Object.entries(context).filter(([, value]) => typeof value !== 'function'))
}
