import { spawnSync } from 'node:child_process'
import { defineConfig } from 'vitest/config'
import type { Reporter } from 'vitest/node'
import { LeftOutReporter } from './test/support/left-out-reporter.ts'

// Run on DynamoDB Local where it can run, else on the embedded engine; TEST_ENGINE=embedded chooses the latter.
const onAnyEngine = ['test/**/*.store.test.ts']
const needsLocal = ['test/**/*.dynamodb.test.ts', 'test/testing/**/*.test.ts']
const needsPostgres = ['test/**/*.postgres.test.ts']
const needsTarball = ['test/package/**/*.test.ts']
const needsTerminal = ['test/**/*.terminal.test.ts']
const needsCommand = ['test/cli/**/*.test.ts', 'test/examples/**/*.test.ts']
const simulates = ['test/simulation/simulation.test.ts']

// The SDK's notice about Node 20, once in every test process otherwise.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

// A file's modules are those of the files before it in the same process: none keeps what one test could see of another, and to
// load everything anew for each file was a third of the suite's time.
const isolate = false

const hasJava = spawnSync('java', ['-version']).status === 0

const reporters: (string | [string, Record<string, unknown>] | Reporter)[] = ['default']
const report = process.env['TEST_REPORT']
if (report !== undefined) reporters.push(['json', { outputFile: report }])
if (!hasJava)
  reporters.push(
    new LeftOutReporter(
      'DynamoDB Local needs Java (17 or newer) and there is none',
      /\.dynamodb\.test\.ts$|^testing\/.*\.test\.ts$/,
      'The tests of stores (*.store.test.ts) ran on the embedded engine alone.',
    ),
  )
const hasTmux = spawnSync('tmux', ['-V']).status === 0
if (!hasTmux)
  reporters.push(new LeftOutReporter('the tests in a terminal need tmux and there is none', /\.terminal\.test\.ts$/))

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    reporters,
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text', 'html'] },
    projects: [
      {
        test: {
          name: 'unit',
          isolate,
          include: ['test/**/*.test.ts'],
          exclude: [...onAnyEngine, ...needsLocal, ...needsPostgres, ...needsTarball, ...needsCommand, ...simulates],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'command',
          isolate,
          include: needsCommand,
          exclude: [...onAnyEngine, ...needsPostgres, ...(hasTmux ? [] : needsTerminal)],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'simulation', include: simulates } },
      {
        test: {
          name: 'package',
          include: needsTarball,
          globalSetup: './test/support/packed.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'store',
          isolate,
          include: onAnyEngine,
          globalSetup: './test/support/no-server-left.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'postgres', isolate, include: needsPostgres, testTimeout: 20_000, hookTimeout: 60_000 } },
      {
        test: {
          name: 'dynamodb-local',
          isolate,
          include: hasJava ? needsLocal : [],
          globalSetup: './test/support/no-server-left.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
