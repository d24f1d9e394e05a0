import { pathToFileURL } from 'node:url'
import type { FunctionAnswer, FunctionCall } from './function-environment.ts'

// The body of a function's process: loads the handler once, as Lambda does in its init phase, then answers calls.

const [, , modulePath = '', exportName = ''] = process.argv
const loaded = load(modulePath, exportName)
loaded.catch(() => {}) // the first call tells it

process.on('message', (call: FunctionCall) => void answer(call))
process.on('disconnect', end) // the parent is gone, and nobody else would end what the handler still does

async function answer({ event, context, remainingMs }: FunctionCall): Promise<void> {
  const until = performance.now() + remainingMs
  const getRemainingTimeInMillis = () => Math.max(0, Math.floor(until - performance.now()))
  let didLoad = false
  try {
    const handler = await loaded
    didLoad = true
    const response = await handler(event, { ...context, getRemainingTimeInMillis })
    process.send?.({ response: response ?? null } satisfies FunctionAnswer)
  } catch (error) {
    process.send?.({ error: described(error), isUseless: !didLoad } satisfies FunctionAnswer)
  }
}

async function load(path: string, name: string): Promise<(event: unknown, context: unknown) => Promise<unknown>> {
  const exports: unknown = await import(pathToFileURL(path).href)
  const exported: unknown = typeof exports === 'object' && exports !== null ? Reflect.get(exports, name) : undefined
  if (typeof exported !== 'function') throw new Error(`Runtime.HandlerNotFound: ${path} exports no function ${name}`)
  return async (event, context) => {
    const response: unknown = await Reflect.apply(exported, undefined, [event, context])
    return response
  }
}

function end(): void {
  process.kill(process.pid, 'SIGKILL')
}

function described(error: unknown): NonNullable<FunctionAnswer['error']> {
  if (!(error instanceof Error)) return { errorType: 'Error', errorMessage: String(error), stack: undefined }
  return { errorType: error.name, errorMessage: error.message, stack: error.stack }
}
