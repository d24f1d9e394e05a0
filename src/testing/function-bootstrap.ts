import { pathToFileURL } from 'node:url'
import type { FunctionAnswer, FunctionCall } from './function-process.ts'

// The body of a function's process: loads the handler once, as Lambda does in its init phase, then answers calls.

const [, , modulePath = '', exportName = 'handler'] = process.argv
const handler = load(modulePath, exportName)
handler.catch(() => {}) // told to whoever calls

process.on('message', (call: FunctionCall) => void answer(call))
process.on('disconnect', () => process.exit()) // the parent is gone, and nobody else would end this process

async function answer({ event, context, remainingMs }: FunctionCall): Promise<void> {
  const end = performance.now() + remainingMs
  const getRemainingTimeInMillis = () => Math.max(0, Math.floor(end - performance.now()))
  try {
    const call = await handler
    const response = await call(event, { ...context, getRemainingTimeInMillis })
    send({ response: response ?? null })
  } catch (error) {
    send({ error: describe(error) })
  }
}

async function load(path: string, name: string): Promise<(event: unknown, context: unknown) => unknown> {
  const module: unknown = await import(pathToFileURL(path).href)
  const found = typeof module === 'object' && module !== null ? Object.entries(module).find(([key]) => key === name) : undefined
  if (typeof found?.[1] !== 'function') throw new Error(`Runtime.HandlerNotFound: ${path} has no function '${name}'`)
  const [, exported] = found
  return async (event, context) => await Reflect.apply(exported, undefined, [event, context])
}

function send(answer: FunctionAnswer): void {
  process.send?.(answer)
}

function describe(error: unknown): NonNullable<FunctionAnswer['error']> {
  if (!(error instanceof Error)) return { errorType: 'Error', errorMessage: String(error), stack: '' }
  return { errorType: error.name, errorMessage: error.message, stack: error.stack ?? '' }
}
