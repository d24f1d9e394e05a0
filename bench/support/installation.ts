import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { common } from './bundling.ts'

const root = join(import.meta.dirname, '../..')

// Where the package is installed as a user has it, freshly built: what is measured is what is published, never tsx's
// translation of the sources nor a `dist` that is older than they are.
const installation = join(root, 'node_modules/.cache/tidemark-bench')

/** Builds and installs the package. */
export function install(): void {
  const target = join(installation, 'node_modules/tidemark')
  rmSync(installation, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  writeFileSync(join(installation, 'package.json'), '{ "private": true }') // a package of its own: not ours, which it imports
  cpSync(join(root, 'package.json'), join(target, 'package.json'))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const project = join(root, 'tsconfig.build.json')
  run(process.execPath, [compiler, '-p', project, '--outDir', join(target, 'dist')])
}

/** Translates files of `bench/`, each with what it imports from there, to JavaScript beside the installed package. */
export async function translate(files: readonly string[]): Promise<void> {
  const entryPoints = files.map((file) => ({ in: join(root, 'bench', `${file}.ts`), out: file.replace('/', '-') }))
  await build({
    ...common,
    entryPoints,
    packages: 'external',
    outdir: installation,
    outExtension: { '.js': '.mjs' },
  })
}

/** Runs a translated file to its end; throws if it fails. */
export function runTranslated(file: string): void {
  run(process.execPath, [join(installation, `${file}.mjs`)])
}

function run(command: string, parameters: readonly string[]): void {
  const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
  const { status } = spawnSync(command, parameters, { stdio: 'inherit', env })
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')} ended with ${status}`)
}
