import { copyFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const root = resolve(import.meta.dirname, '../..')

/** The programs of the processes, each in one file: dozens of them are started, and this way that is quick. */
export async function bundlePrograms(folder: string): Promise<{
  readonly worker: string
  readonly engine: string
  readonly redriver: string
  readonly command: string
}> {
  await build({
    entryPoints: {
      worker: join(import.meta.dirname, 'worker-program.ts'),
      engine: join(import.meta.dirname, 'engine-program.ts'),
      redriver: join(import.meta.dirname, 'redriver-program.ts'),
      command: join(root, 'src/cli.ts'),
    },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    // The SDK is CommonJS inside, and asks for Node's modules as they did before.
    banner: {
      js: `import { createRequire as __createRequire } from 'node:module'\nconst require = __createRequire('${root}/package.json')`,
    },
  })
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json')) // where the command looks for its version
  return {
    worker: join(folder, 'worker.mjs'),
    engine: join(folder, 'engine.mjs'),
    redriver: join(folder, 'redriver.mjs'),
    command: join(folder, 'command.mjs'),
  }
}
