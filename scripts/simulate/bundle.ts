import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'
import type { Simulation } from '../../src/simulation/simulate.ts'
import type { Patch } from './mutants.ts'
import { sdkCommands } from './sdk-commands.ts'

const root = resolve(import.meta.dirname, '../..')

/**
 * Loads the simulation from a bundle of it and of all it runs. It has to be one file: a module that is imported while a
 * world runs would be read from the disk, in a time that no seed determines. Patches are applied on the way.
 */
export async function loadSimulation(patches: readonly Patch[] = []): Promise<Simulation> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-simulation-'))
  const outfile = join(folder, 'simulation.mjs')
  try {
    await build({
      entryPoints: [join(root, 'src/simulation/simulate.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'error',
      plugins: [sdkCommands, patching(patches)],
    })
    const { simulation } = (await import(pathToFileURL(outfile).href)) as { readonly simulation: Simulation }
    return simulation
  } finally {
    await rm(folder, { recursive: true })
  }
}

function patching(patches: readonly Patch[]): Plugin {
  return {
    name: 'patches',
    setup({ onLoad, onEnd }) {
      const applied = new Set<string>()
      onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
        const mine = patches.filter(({ file }) => path === join(root, file))
        if (mine.length === 0) return undefined
        let contents = await readFile(path, 'utf8')
        for (const { file, find, replace } of mine) {
          if (contents.split(find).length !== 2)
            throw new Error(`to be patched, this must stand exactly once in ${file}:\n${find}`)
          contents = contents.replace(find, () => replace)
          applied.add(find)
        }
        return { contents, loader: 'ts' }
      })
      onEnd(() => {
        const missed = patches.find(({ find }) => !applied.has(find))
        if (missed !== undefined) throw new Error(`${missed.file} is to be patched and is not part of the simulation`)
      })
    },
  }
}
