import { statSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { ConfigurationError } from '../../errors.ts'
import { moduleFault } from './module-fault.ts'
import { findTsx, registerTsx } from './tsx.ts'

/** What a module exports, by name. */
export type ModuleExports = { readonly [name: string]: unknown }

/**
 * Imports a module of the user's, in TypeScript or not.
 *
 * @throws ConfigurationError that says what is wrong with it, in words for whoever wrote it.
 */
export async function importModule(path: string, shownPath: string): Promise<ModuleExports> {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) throw new ConfigurationError(`there is no file ${shownPath} (looked for ${path})`)
  if (!stats.isFile()) throw new ConfigurationError(`${shownPath} is not a file: name the module itself`)
  if (/\.[cm]?tsx?$/.test(path)) await prepareForTypeScript(path, shownPath)
  try {
    return (await import(pathToFileURL(path).href)) as ModuleExports
  } catch (error) {
    throw moduleFault(path, shownPath, error)
  }
}

/**
 * A project that has tsx is written for it: enums, imports by `.js`, paths of its tsconfig, none of which Node knows. So it
 * comes first, and Node's own way, which drops types and does nothing else, second.
 */
async function prepareForTypeScript(path: string, shownPath: string): Promise<void> {
  const tsx = findTsx(path)
  if (tsx !== undefined) return registerTsx(tsx)
  const { typescript } = process.features as { readonly typescript?: false | string }
  if (typeof typescript === 'string') return
  throw new ConfigurationError(
    `${shownPath} is TypeScript, which Node.js ${process.versions.node} does not run by itself: ` +
      'npm i -D tsx, or use Node.js 22.18 or newer',
  )
}
