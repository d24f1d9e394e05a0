import { copyFileSync, readdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import manifest from '../package.json' with { type: 'json' }
import { build, type BuildOptions, type Plugin } from 'esbuild'

// Writes the package's code into a folder: `tsx scripts/bundle.ts dist`. What a function imports at its start is few files,
// for each costs up to a millisecond then. The doors share chunks among themselves; the tools (test kit, command) are
// bundled apart, for what they share with a door would be cut out of its chunks into ever smaller ones.

const source = resolve(import.meta.dirname, '../src')
const [outdir] = process.argv.slice(2)
if (outdir === undefined) throw new Error('usage: tsx scripts/bundle.ts FOLDER')

const tools = ['testing.ts', 'cli.ts']
const doors = readdirSync(source).filter((file) => file.endsWith('.ts') && ![...tools, 'errors.ts'].includes(file))
const runByPath = [
  'testing/function-bootstrap.ts',
  ...readdirSync(join(source, 'cli/demo')).flatMap((file) => (file.endsWith('-function.ts') ? `cli/demo/${file}` : [])),
]

const common: BuildOptions = {
  outdir,
  outbase: source,
  chunkNames: 'chunks/[hash]',
  bundle: true,
  splitting: true,
  external: Object.keys(manifest.peerDependencies), // whatever else is imported comes with the package
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
  tsconfigRaw: {}, // ours sends `tidemark` to the sources
}

/** An error is an instance of the class that `tidemark` exports, whichever part of the package threw it. */
const sharedErrors: Plugin = {
  name: 'shared errors',
  setup: ({ onResolve }) => onResolve({ filter: /\/errors\.ts$/ }, () => ({ path: 'tidemark', external: true })),
}

// The library that reads command lines is CommonJS inside, and asks for Node's modules by `require`.
const banner = {
  js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
}

const inSource = (files: readonly string[]) => files.map((file) => join(source, file))
await build({ ...common, entryPoints: inSource(doors) })
const { metafile } = await build({
  ...common,
  entryPoints: inSource([...tools, ...runByPath]),
  plugins: [sharedErrors],
  banner,
  metafile: true,
})

// What others wrote is in there, and the licence of each beside it.
const folders = new Set(Object.keys(metafile.inputs).flatMap((path) => /^.*node_modules\/[^/]+/.exec(path)?.[0] ?? []))
for (const folder of folders) {
  const licence = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file))
  if (licence === undefined) throw new Error(`${folder} is part of the build and has no licence file`)
  copyFileSync(join(folder, licence), join(outdir, `${basename(folder)}.LICENSE`))
}
