import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

interface Diagnostic {
  readonly code: string
  readonly filename: string
  readonly labels: readonly { readonly span: { readonly line: number } }[]
}

// Each offence is linted as a file of its own, in a copy of the project that holds nothing but the configuration.
const offences: Record<string, [file: string, source: string, rule: string]> = {
  'a pure room imports the AWS SDK': [
    'src/record/a.ts',
    `import { DynamoDBClient } from '@aws-sdk/client-dynamodb'\nexport const a = DynamoDBClient`,
    'eslint(no-restricted-imports)',
  ],
  'a pure room imports only a type of the AWS SDK': [
    'src/select/a.ts',
    `import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'\nexport type A = DynamoDBClient`,
    'eslint(no-restricted-imports)',
  ],
  'a pure room reaches the machine': [
    'src/lanes/a.ts',
    `import { systemClock } from '../internal/system.ts'\nexport const a = systemClock`,
    'eslint(no-restricted-imports)',
  ],
  'a pure file outside the pure rooms reaches the machine': [
    'src/handler/retry-policy.ts',
    `import { systemRandom } from '../internal/system.ts'\nexport const a = systemRandom`,
    'eslint(no-restricted-imports)',
  ],
  'a file not named after dynamodb imports the AWS SDK': [
    'src/ledger/a.ts',
    `export const a = await import('@aws-sdk/client-dynamodb')`,
    'eslint(no-restricted-imports)',
  ],
  'a command imports the AWS SDK': [
    'src/cli/a.ts',
    `export { DynamoDBClient } from '@aws-sdk/client-dynamodb'`,
    'eslint(no-restricted-imports)',
  ],
  'a deep room goes out by a door': [
    'src/testing/mapping/a.ts',
    `import { createConsumer } from '../../index.ts'\nexport const a = createConsumer`,
    'eslint(no-restricted-imports)',
  ],
  'a door imports the AWS SDK': [
    'src/lambda.ts',
    `import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'\nexport type A = DynamoDBClient`,
    'eslint(no-restricted-imports)',
  ],
  'a door opens on another door': [
    'src/testing.ts',
    `export { memoryLedger } from './index.ts'`,
    'eslint(no-restricted-imports)',
  ],
  'a room goes out by a door': [
    'src/consumer/a.ts',
    `import { createConsumer } from '../index.ts'\nexport const a = createConsumer`,
    'eslint(no-restricted-imports)',
  ],
  'a dynamodb file goes out by a door': [
    'src/ledger/dynamodb/a.ts',
    `import type { A } from '../../dynamodb.ts'\nexport type B = A`,
    'eslint(no-restricted-imports)',
  ],
  'the flow imports a command': [
    'src/source/a.ts',
    `import { main } from '../cli/main.ts'\nexport const a = main`,
    'eslint(no-restricted-imports)',
  ],
  'the flow imports the testing room': [
    'src/ledger/memory.ts',
    `import { a } from '../testing/ledger-conformance.ts'\nexport const b = a`,
    'eslint(no-restricted-imports)',
  ],
  'internal/ knows the domain': [
    'src/internal/a.ts',
    `import type { Item } from '../record/record.ts'\nexport type A = Item`,
    'eslint(no-restricted-imports)',
  ],
  'a timer': ['src/lanes/b.ts', `export const a = setTimeout(() => {}, 1)`, 'eslint(no-restricted-globals)'],
  'a timer by way of globalThis': [
    'src/lanes/c.ts',
    `export const a = globalThis.setInterval(() => {}, 1)`,
    'eslint(no-restricted-globals)',
  ],
  setImmediate: ['src/lanes/d.ts', `export const a = setImmediate(() => {})`, 'eslint(no-restricted-globals)'],
  performance: ['src/lanes/e.ts', `export const a = performance.now()`, 'eslint(no-restricted-globals)'],
  'the global crypto': ['src/record/c.ts', `export const a = crypto.randomUUID()`, 'eslint(no-restricted-globals)'],
  console: ['src/telemetry/a.ts', `console.log('a')`, 'eslint(no-console)'],
  'console as a value': ['src/telemetry/b.ts', `export const log = console`, 'eslint(no-restricted-globals)'],
  'Date.now': ['src/ledger/b.ts', `export const a = Date.now()`, 'eslint(no-restricted-properties)'],
  'Date.now taken apart': ['src/ledger/c.ts', `export const { now } = Date`, 'eslint(no-restricted-properties)'],
  'Math.random': ['src/handler/a.ts', `export const a = Math.random()`, 'eslint(no-restricted-properties)'],
  'AbortSignal.timeout': [
    'src/handler/b.ts',
    `export const a = AbortSignal.timeout(1)`,
    'eslint(no-restricted-properties)',
  ],
  'new Date()': ['src/handler/c.ts', `export const a = new Date()`, 'tidemark(ambient)'],
  'Date()': ['src/handler/d.ts', `export const a = Date()`, 'tidemark(ambient)'],
  "Node's timers": [
    'src/handler/e.ts',
    `import { setTimeout as sleep } from 'node:timers/promises'\nexport const a = sleep`,
    'tidemark(ambient)',
  ],
  "Node's clock": [
    'src/handler/f.ts',
    `import { performance as clock } from 'node:perf_hooks'\nexport const a = clock`,
    'tidemark(ambient)',
  ],
  "Node's randomness": [
    'src/handler/g.ts',
    `import { createHash, randomUUID } from 'node:crypto'\nexport const a = [createHash, randomUUID]`,
    'tidemark(ambient)',
  ],
  'a test kit file that does no I/O asks for the time': [
    'src/testing/manual-clock.ts',
    `export const a = Date.now()`,
    'eslint(no-restricted-properties)',
  ],
  'a cycle': ['src/consumer/b.ts', `import { b } from './cycle.ts'\nexport const a = () => b`, 'import(no-cycle)'],
  'a floating promise': ['src/consumer/c.ts', `Promise.resolve(1)`, 'typescript(no-floating-promises)'],
  'a misused promise': [
    'src/consumer/d.ts',
    `export const a = (b: Promise<boolean>) => (b ? 1 : 2)`,
    'typescript(no-misused-promises)',
  ],
  'a forgotten case': [
    'src/consumer/e.ts',
    `export function f(a: 'b' | 'c') {\n  switch (a) {\n    case 'b':\n      return 1\n  }\n  return 2\n}`,
    'typescript(switch-exhaustiveness-check)',
  ],
  any: ['src/consumer/f.ts', `export const a = (b: any) => typeof b`, 'typescript(no-explicit-any)'],
  'any let in from outside': [
    'src/consumer/g.ts',
    `export const a: string = JSON.parse('1')`,
    'typescript(no-unsafe-assignment)',
  ],
  '!': ['src/consumer/h.ts', `export const a = (b?: string) => b!.length`, 'typescript(no-non-null-assertion)'],
  'a type imported as a value': [
    'src/consumer/i.ts',
    `import { A } from './types.ts'\nexport const a: A = 1`,
    'typescript(consistent-type-imports)',
  ],
}

for (const door of readdirSync('src').filter((file) => file.endsWith('.ts') && file !== 'errors.ts')) {
  offences[`a room goes out by ${door}`] = [
    `src/source/out-by-${door}`,
    `import { a } from '../${door}'\nexport const b = a`,
    'eslint(no-restricted-imports)',
  ]
}

// What stands beside the offences: what they import, and what must be let through.
const innocents: Record<string, string> = {
  'src/index.ts': `export { a as createConsumer, a as memoryLedger } from './consumer/b.ts'\nexport * from './errors.ts'`,
  'src/errors.ts': `export class TidemarkError extends Error {}`,
  'src/consumer/cycle.ts': `import { a } from './b.ts'\nexport const b = () => a`,
  'src/consumer/types.ts': `export type A = 1`,
  'src/consumer/j.ts': `import { TidemarkError } from '../errors.ts'\nexport const a = [TidemarkError, new Date(0)]`,
  'src/record/record.ts': `import { createHash } from 'node:crypto'\nexport type Item = number\nexport const a = createHash`,
  'src/internal/system.ts': `export const systemClock = () => Date.now()\nexport const systemRandom = () => Math.random()`,
  'src/internal/clock.ts': `import type { A } from './types.ts'\nexport type B = A`,
  'src/internal/validate.ts': `import { TidemarkError } from '../errors.ts'\nexport const a = TidemarkError`,
  'src/internal/types.ts': `export type A = 1`,
  'src/ledger/dynamodb.ts': `import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'\nexport type A = DynamoDBClient`,
  'src/testing/dynamodb-local.ts': `import { DynamoDBClient } from '@aws-sdk/client-dynamodb'\nexport const a = [DynamoDBClient, setTimeout, Date.now()]`,
  'src/testing/ledger-conformance.ts': `import type { Item } from '../record/record.ts'\nexport const a: Item = 1`,
  'src/testing/mapping/mapping.ts': `import { a } from '../ledger-conformance.ts'\nexport const b = a`,
  'src/cli/main.ts': `import { a } from '../testing/ledger-conformance.ts'\nexport const main = () => console.log(a, Date.now())`,
  'src/dynamodb.ts': `export type { A } from './ledger/dynamodb.ts'`,
}

let folder: string
let diagnostics: readonly Diagnostic[]

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-lint-'))
  for (const part of ['.oxlintrc.json', 'tsconfig.json', 'package.json', 'scripts/lint']) {
    cpSync(part, join(folder, part), { recursive: true })
  }
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  write(innocents)
  for (const [file, source] of Object.values(offences)) write({ [file]: source })
  const { stdout } = spawnSync(resolve('node_modules/.bin/oxlint'), ['--format', 'json', 'src'], {
    cwd: folder,
    encoding: 'utf8',
  })
  diagnostics = (JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(files: Record<string, string>): void {
  for (const [file, source] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), `${source}\n`)
  }
}

function codesIn(file: string): readonly string[] {
  return diagnostics.filter(({ filename }) => filename === file).map(({ code }) => code)
}

test.for(Object.entries(offences))('refused: %s', ([, [file, , rule]]) => {
  expect(codesIn(file)).toContain(rule)
})

test.for(Object.keys(innocents).filter((file) => !file.endsWith('cycle.ts') && file !== 'src/index.ts'))(
  'let through: %s',
  (file) => {
    expect(codesIn(file)).toEqual([])
  },
)
