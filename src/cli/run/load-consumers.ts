import { resolve } from 'node:path'
import type { Consumer } from '../../consumer/consumer.ts'
import { ConfigurationError } from '../../errors.ts'
import { importModule, type ModuleExports } from './import-module.ts'

/**
 * The consumers that a module exports: under any name, alone or in arrays.
 *
 * @throws ConfigurationError that says what was exported and what was expected.
 */
export async function loadConsumers(path: string): Promise<readonly Consumer[]> {
  const exported = unwrapped(await importModule(resolve(path), path))
  const consumers = new Set<Consumer>()
  for (const [name, value] of defaultFirst(exported)) {
    for (const one of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
      if (isConsumer(one)) consumers.add(one)
      else if (isOldConsumer(one)) throw new ConfigurationError(oldConsumer(path, name))
    }
  }
  if (consumers.size === 0) throw new ConfigurationError(noConsumer(path, exported))
  checkNames(path, consumers)
  return [...consumers]
}

/** CommonJS comes as one object under `default`; compiled by TypeScript, that has a `default` of its own. */
function unwrapped(exported: ModuleExports): ModuleExports {
  const { default: whole, ...named } = exported
  if (typeof whole !== 'object' || whole === null || Array.isArray(whole) || isConsumer(whole)) return exported
  const inner = whole as ModuleExports
  return Object.values(inner).flat().some(isConsumer) ? { ...named, ...inner } : exported
}

function defaultFirst(exported: ModuleExports): readonly (readonly [string, unknown])[] {
  const { default: first, ...rest } = exported
  return first === undefined ? Object.entries(rest) : [['default', first], ...Object.entries(rest)]
}

// By its shape, not its class: the module may have another copy of this package than the command.
function isConsumer(value: unknown): value is Consumer {
  return isOldConsumer(value) && typeof (value as Partial<Consumer>).flow === 'function'
}

function isOldConsumer(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { name, process } = value as Partial<Consumer>
  return typeof name === 'string' && typeof process === 'function'
}

function checkNames(path: string, consumers: ReadonlySet<Consumer>): void {
  const names = Array.from(consumers, ({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined)
    throw new ConfigurationError(
      `${path} exports two consumers called '${twice}': under one name they would share checkpoints, and each would skip what the other did`,
    )
}

function oldConsumer(path: string, name: string): string {
  return `${path} exports the consumer '${name}', made by a version of tidemark that knows no workers: npm i tidemark@latest`
}

function noConsumer(path: string, exported: ModuleExports): string {
  const list = Object.entries(exported).map(([name, value]) => `${name} (${kindOf(value)})`)
  return `${path} exports no consumer
  exported: ${list.length === 0 ? 'nothing' : list.join(', ')}
  expected: what tidemark's createConsumer returns, under any name, or an array of such:

    export default createConsumer({ name: 'receipts', handler: async (record) => { … } })`
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : `an array of ${kindOf(value[0])}`
  if (value instanceof Promise) return 'a promise: await it before you export it'
  if (typeof value === 'object' && 'handler' in value) return 'an object with a handler: pass it to createConsumer'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object') return 'an object'
  return value === undefined ? 'undefined' : `a ${typeof value}`
}
