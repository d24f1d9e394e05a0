import { spawnSync } from 'node:child_process'
import { defineConfig } from 'vitest/config'
import type { Reporter } from 'vitest/node'
import { LeftOutReporter } from './test/support/left-out-reporter.ts'

const needsServer = ['test/**/*.dynamodb.test.ts', 'test/testing/**/*.test.ts', 'test/integration/**/*.test.ts']
const needsTarball = ['test/package/**/*.test.ts']

// The SDK's notice about Node 20, once in every test process otherwise.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

const hasJava = spawnSync('java', ['-version']).status === 0

const reporters: (string | [string, Record<string, unknown>] | Reporter)[] = ['default']
const report = process.env['TEST_REPORT']
if (report !== undefined) reporters.push(['json', { outputFile: report }])
if (!hasJava) reporters.push(new LeftOutReporter('DynamoDB Local needs Java (17 or newer) and there is none'))

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
          include: ['test/**/*.test.ts'],
          exclude: [...needsServer, ...needsTarball],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'package',
          include: needsTarball,
          exclude: needsServer,
          globalSetup: './test/support/packed.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'dynamodb',
          include: hasJava ? needsServer : [],
          globalSetup: './test/support/no-server-left.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
