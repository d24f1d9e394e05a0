import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build, type BuildOptions } from 'esbuild'

const root = join(import.meta.dirname, '../..')

/**
 * A place where the package is installed as a user has it, freshly built: what is measured is what is published, never
 * tsx's translation of the sources, nor a `dist` that is older than they are.
 */
const installation: string = join(root, 'node_modules/.cache/tidemark-bench')

/** Builds and installs the package. */
export function install(): void {
  const target = join(installation, 'node_modules/tidemark')
  rmSync(installation, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  cpSync(join(root, 'package.json'), join(target, 'package.json'))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const project = join(root, 'tsconfig.build.json')
  run(process.execPath, [compiler, '-p', project, '--outDir', join(target, 'dist')])
}

/** Translates a file of this folder, and what it imports from it, to JavaScript beside the installed package. */
export async function translate(file: string): Promise<string> {
  const outfile = join(installation, `${file.replace('/', '-').replace(/\.ts$/, '')}.mjs`)
  await build({ ...common, entryPoints: [join(root, 'bench', file)], packages: 'external', outfile })
  return outfile
}

/** Runs a command to its end; throws if it fails. */
export function run(command: string, parameters: readonly string[]): void {
  const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
  const { status } = spawnSync(command, parameters, { stdio: 'inherit', env })
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')} ended with ${status}`)
}

/** How esbuild is to treat everything here. */
export const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
  tsconfigRaw: {}, // ours sends `tidemark` to the sources
}
