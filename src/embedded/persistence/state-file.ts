import { readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { deserialize, serialize } from 'node:v8'
import { ConfigurationError } from '../../errors.ts'
import type { Clock } from '../../internal/clock.ts'
import type { Engine } from '../engine.ts'
import { isFields } from '../fields.ts'
import type { StreamsState } from '../streams/state.ts'
import type { DatabaseState } from '../table/state.ts'

interface State {
  readonly format: string
  readonly database: DatabaseState
  readonly streams: StreamsState
}

const format = 'tidemark embedded DynamoDB, 1'
const delayMs = 1_000

/** Keeps the state of an engine in a file: reads it at the start, writes it anew when it has changed. */
export class StateFile {
  readonly #path: string
  readonly #engine: Engine
  readonly #clock: Clock
  #cancel: (() => void) | undefined
  #written: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined

  constructor(path: string, engine: Engine, clock: Clock) {
    this.#path = path
    this.#engine = engine
    this.#clock = clock
    const state = read(path)
    if (state !== undefined) {
      engine.streams.load(state.streams)
      engine.database.load(state.database)
    }
    engine.onChange = () => this.#changed()
  }

  /** Resolves when all is in the file; rejects when it, or an earlier state, could not be written. */
  async close(): Promise<void> {
    if (this.#cancel !== undefined) this.#writeNow(this.#cancel)
    await this.#written
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #changed(): void {
    this.#cancel ??= this.#clock.schedule(delayMs, () => {
      if (this.#cancel !== undefined) this.#writeNow(this.#cancel)
    })
  }

  #writeNow(cancel: () => void): void {
    const bytes = serialize(stateOf(this.#engine)) // of this moment; the writing takes longer
    cancel()
    this.#cancel = undefined
    this.#written = this.#written.then(() => this.#write(bytes))
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await replaceFile(this.#path, bytes)
      this.#failure = undefined
    } catch (error) {
      this.#failure = { error } // the next state may have more luck; `close` tells if none has
    }
  }
}

function stateOf({ database, streams }: Engine): State {
  return { format, database: database.save(), streams: streams.save() }
}

function read(path: string): State | undefined {
  try {
    const state: unknown = deserialize(readFileSync(path))
    if (isState(state)) return state
  } catch (cause) {
    if (isMissing(cause)) return undefined
    throw new ConfigurationError(`persistTo: ${path} can't be read`, { cause })
  }
  throw new ConfigurationError(`persistTo: ${path} is no state of an embedded DynamoDB of this version`)
}

// Whoever wrote that line wrote the rest.
function isState(value: unknown): value is State {
  return isFields(value) && value['format'] === format
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** At every moment the file is the old one or the new one, whole. */
async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(`${path}.new`, 'w')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}
