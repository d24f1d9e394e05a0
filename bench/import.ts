import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { common } from './support/bundling.ts'
import { printTable, shown, times, type Row } from './support/table.ts'
import { median, takeTurns } from './support/timing.ts'

// The same small function with each of the two, as its files are installed and as one minified file. The AWS SDK is left
// out of all figures: Lambda's runtime has it, and both functions need it.

interface Contestant {
  readonly name: string
  readonly installed: string
  readonly bundled: string
  readonly times: { readonly installed: number[]; readonly bundled: number[] }
}

const here = import.meta.dirname
const probe = join(here, 'probe.mjs')
const withoutSdk = ['@aws-sdk/*', '@smithy/*']

writeFileSync(
  probe,
  `await import('@aws-sdk/client-dynamodb')
await import('@aws-sdk/util-dynamodb')
const start = performance.now()
await import(process.argv[2])
console.log(performance.now() - start)`,
)

const pair = await Promise.all(
  ['tidemark', 'powertools'].map(async (name): Promise<Contestant> => {
    const installed = join(here, `contestants-${name}.mjs`)
    const bundled = join(here, `${name}.min.mjs`)
    await build({ ...common, entryPoints: [installed], external: withoutSdk, minify: true, outfile: bundled })
    return { name, installed, bundled, times: { installed: [], bundled: [] } }
  }),
)

const rounds = await takeTurns(pair, { rounds: 15, seconds: 60 }, async ({ installed, bundled, times }) => {
  times.installed.push(importMs(installed))
  times.bundled.push(importMs(bundled))
})
const [ours, theirs] = pair.map(figuresOf)
if (ours === undefined || theirs === undefined) throw new Error('there are two contestants')
const row = (label: string, figure: keyof typeof ours): Row => [
  label,
  shown(ours[figure]),
  shown(theirs[figure]),
  times(theirs[figure], ours[figure]),
]
printTable(
  `Cold start beyond the AWS SDK (medians of ${rounds} fresh processes each)`,
  ['', 'tidemark', 'powertools', 'ratio'],
  [
    row('import, installed packages, ms', 'installedMs'),
    row('  the least', 'installedLeastMs'),
    row('import, function in one minified file, ms', 'bundledMs'),
    row('  the least', 'bundledLeastMs'),
    row('the file, KB', 'kilobytes'),
    row('the file gzipped, KB', 'gzippedKilobytes'),
  ],
  ['aim: import under 10 ms, under 12 KB gzipped'],
)

/** Milliseconds that a fresh process, which has the SDK already, takes to import a file. */
function importMs(file: string): number {
  return Number(execFileSync(process.execPath, [probe, file], { encoding: 'utf8' }))
}

function figuresOf({ times: { installed, bundled }, bundled: file }: Contestant) {
  const bytes = readFileSync(file)
  return {
    installedMs: median(installed),
    installedLeastMs: Math.min(...installed),
    bundledMs: median(bundled),
    bundledLeastMs: Math.min(...bundled),
    kilobytes: bytes.length / 1_024,
    gzippedKilobytes: gzipSync(bytes, { level: 9 }).length / 1_024,
  }
}
