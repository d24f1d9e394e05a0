import { existsSync } from 'node:fs'

// A build puts code into other files than the sources have it in: nothing may be found relative to the file that asks.

/** The folder of this package, where its package.json is. */
export function packageFolder(): URL {
  let folder = new URL('.', import.meta.url)
  while (!existsSync(new URL('package.json', folder)) && folder.pathname !== '/') folder = new URL('..', folder)
  return folder
}

/** The folder in which all code of this package is. */
export function codeFolder(): URL {
  return new URL(isSource ? 'src/' : 'dist/', packageFolder())
}

/** A module of this package that is run by its path (`testing/function-bootstrap`): in a build one of its entry points. */
export function ownModule(name: string): URL {
  return new URL(`${name}.${isSource ? 'ts' : 'js'}`, codeFolder())
}

const isSource = import.meta.url.endsWith('.ts')
