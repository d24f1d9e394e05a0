import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { complaintsOf } from './complaints.ts'
import { effectModes, type EffectMode } from './effects.ts'
import { runFleet } from './fleet.ts'
import { chaosKindsOf, fleetDefaults, reshardEveryMsOf, tableCountFor, type FleetOptions } from './fleet-options.ts'
import { renderReport } from './report-table.ts'

const usage = `npm run fleet -- [--engine embedded|dynamodb-local] [--mode ${effectModes.join('|')}] [--inserts N] [--keys N]
                 [--seconds S] [--seed TEXT] [--workers N] [--tables N] [--lease MS] [--every MS] [--only KIND,…]
                 [--poison N] [--peace] [--quiet] [--keep]

Runs workers as processes of their own while they are killed, paused, cut off, stopped and added, and judges what took
effect. --every is the mean time between two disturbances, --only chooses them: ${chaosKindsOf('bank-postgres').join(', ')};
--only kill or --only stop with an --every of some leases shows what a takeover takes. --poison N makes one
version in N poison for workers: it is parked, and redriven by processes that are killed in turn. --mode bank and
bank-postgres move --inserts transfers between --keys accounts, and send the fleet back to the beginning now and then. --peace disturbs nobody; --keep leaves journals and logs where they are.`

// The SDK's notice about Node 20, once in every process otherwise.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: fleetDefaults.engine },
    mode: { type: 'string', default: fleetDefaults.mode },
    inserts: { type: 'string', default: String(fleetDefaults.insertCount) },
    keys: { type: 'string', default: String(fleetDefaults.keyCount) },
    seconds: { type: 'string', default: String(fleetDefaults.durationMs / 1_000) },
    seed: { type: 'string', default: fleetDefaults.seed },
    tables: { type: 'string' },
    workers: { type: 'string', default: String(fleetDefaults.workerCount) },
    lease: { type: 'string', default: String(fleetDefaults.leaseDurationMs) },
    every: { type: 'string' },
    only: { type: 'string' },
    poison: { type: 'string', default: '0' },
    peace: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(usage)
// Sockets that were black-holed may keep a process alive for as long as TCP does.
else process.exit(await main())

async function main(): Promise<number> {
  const mode = effectModes.find((one) => one === values.mode)
  const problem = mode === undefined ? `--mode ${values.mode}: one of ${effectModes.join(', ')}` : poisonProblem(mode)
  if (mode === undefined || problem !== undefined) {
    console.error(problem)
    return 2
  }
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-fleet-'))
  const options = chosen(mode, folder)
  console.log(`${options.engine}, ${options.mode}, seed ${options.seed}; journals and logs in ${folder}`)
  const report = await runFleet(options)
  console.log(renderReport(report, options))
  const isClean = complaintsOf(report).length === 0
  if (isClean && !values.keep) rmSync(folder, { recursive: true })
  return isClean ? 0 : 1
}

function poisonProblem(mode: EffectMode): string | undefined {
  const { poison } = values
  if (!/^\d+$/.test(poison)) return `--poison ${poison}: give a whole number, one version in so many; 0 is none`
  // A fenced effect is fenced by the lease, and who redrives has none.
  return poison !== '0' && mode !== 'plain' ? '--poison goes with --mode plain only' : undefined
}

function chosen(mode: EffectMode, folder: string): FleetOptions {
  const engine = values.engine === 'dynamodb-local' ? 'dynamodb-local' : 'embedded'
  const leaseDurationMs = Number(values.lease)
  const startedAt = performance.now()
  const since = () => ((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6)
  return {
    ...fleetDefaults,
    engine,
    mode,
    insertCount: Number(values.inserts),
    keyCount: Number(values.keys),
    durationMs: Number(values.seconds) * 1_000,
    seed: values.seed,
    workerCount: Number(values.workers),
    tableCount: Number(values.tables ?? tableCountFor(engine)),
    leaseDurationMs,
    reshardEveryMs: reshardEveryMsOf(mode),
    poisonEvery: Number(values.poison),
    chaosEveryMs: values.peace ? Infinity : Number(values.every ?? 1.2 * leaseDurationMs),
    ...(values.only !== undefined && {
      chaosKinds: chaosKindsOf(mode).filter((kind) => values.only?.split(',').includes(kind)),
    }),
    folder,
    say: (line) => (values.quiet ? undefined : console.log(`${since()}  ${line}`)),
  }
}
