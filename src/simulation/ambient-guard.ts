/** The machine's own time and randomness. What reaches them makes a run that its seed does not determine. */
const ambient: readonly (readonly [owner: object, name: string])[] = [
  [Date, 'now'],
  [Math, 'random'],
  [performance, 'now'],
  [globalThis, 'setTimeout'],
  [globalThis, 'setInterval'],
  [globalThis, 'fetch'],
  [AbortSignal, 'timeout'],
]

/** Runs `run` in a process where nobody can reach the machine's time or randomness: who tries gets an error. */
export async function withoutAmbient<Result>(run: () => Promise<Result>): Promise<Result> {
  const restore = ambient.map(([owner, name]) => forbid(owner, name))
  try {
    return await run()
  } finally {
    for (const put of restore) put()
  }
}

function forbid(owner: object, name: string): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, name)
  const value = () => {
    throw new Error(`the simulated code reached for the machine's ${name}`)
  }
  Object.defineProperty(owner, name, { value, configurable: true, writable: true })
  return () => {
    if (own === undefined) Reflect.deleteProperty(owner, name)
    else Object.defineProperty(owner, name, own)
  }
}
