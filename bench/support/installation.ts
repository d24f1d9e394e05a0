import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { common } from './bundling.ts'

const root = join(import.meta.dirname, '../..')

/**
 * A folder in which the package is installed as a user has it, freshly built, with the benchmarks beside it: what is
 * measured is what is published, never tsx's translation of the sources nor a `dist` that is older than they are.
 */
export class Installation {
  readonly #folder: string

  constructor() {
    const cache = join(root, 'node_modules/.cache')
    mkdirSync(cache, { recursive: true })
    this.#folder = mkdtempSync(join(cache, 'tidemark-bench-'))
    // A package of its own; else `tidemark` would be the one around it, which is ours.
    writeFileSync(join(this.#folder, 'package.json'), '{ "private": true }')
    const target = join(this.#folder, 'node_modules/tidemark')
    mkdirSync(target, { recursive: true })
    cpSync(join(root, 'package.json'), join(target, 'package.json'))
    run(process.execPath, '--import', 'tsx', 'scripts/bundle.ts', join(target, 'dist'))
  }

  /** Translates files of `bench/`, each with what it imports from there, to JavaScript. */
  async translate(files: readonly string[]): Promise<void> {
    const entryPoints = files.map((file) => ({ in: join(root, 'bench', `${file}.ts`), out: file.replace('/', '-') }))
    const outExtension = { '.js': '.mjs' }
    await build({ ...common, entryPoints, packages: 'external', outdir: this.#folder, outExtension })
  }

  /** Runs a translated file to its end; throws if it fails. */
  run(file: string): void {
    run(process.execPath, join(this.#folder, `${file}.mjs`))
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function run(command: string, ...parameters: readonly string[]): void {
  const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
  const { status } = spawnSync(command, parameters, { cwd: root, stdio: 'inherit', env })
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')} ended with ${status}`)
}
