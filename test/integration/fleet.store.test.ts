import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { complaintsOf } from '../../scripts/fleet/complaints.ts'
import { runFleet } from '../../scripts/fleet/fleet.ts'
import { fleetDefaults, tableCountFor, type FleetOptions } from '../../scripts/fleet/fleet-options.ts'
import { renderReport } from '../../scripts/fleet/report-table.ts'
import { dynamoDBLocalMissing } from '../../src/testing.ts'

const engine =
  process.env['TEST_ENGINE'] === 'embedded' || dynamoDBLocalMissing() !== undefined ? 'embedded' : 'dynamodb-local'

// `npm run fleet` is the same at length. What fails here is told with the whole account of the run.
test.each(['plain', 'fenced'] as const)(
  'killed, paused, cut off, stopped and joined by others, workers lose nothing, keep order, and repeat only what they may (%s)',
  async (mode) => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemark-fleet-'))
    const account: string[] = []
    const options: FleetOptions = {
      ...fleetDefaults,
      engine,
      mode,
      insertCount: 1_200,
      keyCount: 80,
      durationMs: 16_000,
      leaseDurationMs: 2_500,
      chaosEveryMs: 2_500,
      reshardEveryMs: 3_000,
      seed: 'suite',
      workerCount: 3,
      tableCount: tableCountFor(engine),
      folder,
      say: (line) => account.push(line),
    }
    const report = await runFleet(options)
    const complaints = complaintsOf(report)
    const told = [...complaints, renderReport(report, options), ...account, `journals in ${folder}`]
    expect(complaints, told.join('\n')).toEqual([])
    expect(report.verdict.counts.effective).toBe(1_200)
    expect(report.disturbances.length, 'disturbed').toBeGreaterThan(0)
    rmSync(folder, { recursive: true })
  },
  180_000,
)
