import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The files of an installed tsx that set it up, for `import` and for `require`. */
export interface Tsx {
  readonly esmApi: string
  readonly cjsApi: string
}

/** Looks for tsx where the module is, where the command was typed, and beside us (npx -p tsx -p tidemark). */
export function findTsx(modulePath: string): Tsx | undefined {
  for (const from of [modulePath, join(process.cwd(), 'package.json'), import.meta.url]) {
    const tsx = findFrom(createRequire(from))
    if (tsx !== undefined) return tsx
  }
  return undefined
}

function findFrom(require: NodeJS.Require): Tsx | undefined {
  try {
    const manifestPath = require.resolve('tsx/package.json')
    const { exports } = JSON.parse(readFileSync(manifestPath, 'utf8')) as { readonly exports: Manifest }
    // Not what `require` would find: set up through that, the hooks of some versions don't load on Node 20.
    const esmApi = exports['./esm/api']?.import?.default
    if (esmApi === undefined) return undefined
    return { esmApi: join(manifestPath, '..', esmApi), cjsApi: require.resolve('tsx/cjs/api') }
  } catch {
    return undefined // not installed there, or one from before it had an API
  }
}

interface Manifest {
  readonly [entry: string]: { readonly import?: { readonly default?: string } } | undefined
}

/** Sets tsx up in this process, for both ways: without a "type", a project's .ts files are CommonJS. */
export async function registerTsx({ esmApi, cjsApi }: Tsx): Promise<void> {
  for (const api of [cjsApi, esmApi]) {
    const { register } = (await import(pathToFileURL(api).href)) as { readonly register: () => unknown }
    register()
  }
}
