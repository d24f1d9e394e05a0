import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
import { complaintsOf } from '../../scripts/fleet/complaints.ts'
import { runFleet } from '../../scripts/fleet/fleet.ts'
import { fleetDefaults, type FleetOptions } from '../../scripts/fleet/fleet-options.ts'
import { renderReport } from '../../scripts/fleet/report-table.ts'

// `npm run fleet -- --mode bank` and `--mode bank-postgres` are the same at length. What fails here is told with the whole
// account of the run. Both wait more than they work: they run side by side.
test.concurrent.for(['bank', 'bank-postgres'] as const)(
  'every balance is exact after processes were killed, paused and cut off, and all was replayed from the beginning (%s)',
  { timeout: 180_000 },
  async (mode, { expect }) => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemark-fleet-'))
    const account: string[] = []
    const options: FleetOptions = {
      ...fleetDefaults,
      mode,
      insertCount: 1_500,
      keyCount: 300,
      durationMs: 12_000,
      leaseDurationMs: 1_500,
      chaosEveryMs: 1_200,
      chaosKinds: ['kill', 'pause', 'partition', 'replay', ...(mode === 'bank' ? [] : ['database' as const])],
      reshardEveryMs: 5_000,
      // By it others are sent back to the beginning while one sleeps.
      seed: 'suite-80',
      workerCount: 3,
      tableCount: 1,
      folder,
      say: (line) => account.push(line),
    }
    const report = await runFleet(options)
    const complaints = complaintsOf(report)
    const told = [...complaints, renderReport(report, options), ...account, `journals in ${folder}`]
    expect(complaints, told.join('\n')).toEqual([])
    expect(report.verdict.counts.effective).toBe(1_500)
    expect(report.bank?.replayCount, 'one in the middle, and one at the end').toBe(2)
    rmSync(folder, { recursive: true })
  },
)
