import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { installed, type UserProject } from '../support/installed.ts'

let project: UserProject
let root: string

beforeAll(() => {
  project = installed(inject('tarball'))
  root = join(project.folder, 'node_modules', 'tidemark')
})

afterAll(() => project.remove())

const shipped = () => readdirSync(root, { recursive: true, encoding: 'utf8' })

test('ships the build, the licence and what a reader needs, and nothing else', () => {
  expect(readdirSync(root).toSorted()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json'])
  const files = shipped().filter((file) => statSync(join(root, file)).isFile() && file.startsWith('dist/'))
  // The libraries that read command lines and measure texts are in the build, and their licences beside it.
  const packages = ['ansi-regex', 'commander', 'get-east-asian-width', 'string-width', 'strip-ansi']
  expect(files.filter((file) => !/\.(js|js\.map|d\.ts)$/.test(file))).toEqual(
    packages.map((name) => `dist/${name}.LICENSE`),
  )
})

test('depends on nothing; the AWS clients and the drivers of PostgreSQL are optional peers', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, object>
  expect(manifest).not.toHaveProperty('dependencies')
  expect(manifest).not.toHaveProperty('optionalDependencies')
  expect(manifest).not.toHaveProperty('bundledDependencies')
  const drivers = ['@electric-sql/pglite', 'drizzle-orm', 'kysely', 'pg', 'postgres']
  const peers = ['@aws-sdk/client-dynamodb', '@aws-sdk/client-dynamodb-streams', ...drivers]
  expect(Object.keys(manifest['peerDependencies'] ?? {})).toEqual(peers)
  expect(manifest['peerDependenciesMeta']).toEqual(Object.fromEntries(peers.map((peer) => [peer, { optional: true }])))
})

test('code and types import nothing but Node, each other and the peers', () => {
  const foreign = shipped()
    .filter((file) => /\.(js|d\.ts)$/.test(file))
    .flatMap((file) => specifiers(readFileSync(join(root, file), 'utf8')).map((specifier) => `${file}: ${specifier}`))
    .filter((line) => !/: (node:|\.\.?\/|tidemark$|@aws-sdk\/client-dynamodb(-streams)?$|pg$)/.test(line))
  expect(foreign).toEqual([])
})

test('every door at the root of src has its entry in exports, and every entry its files', () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | Record<string, string>>
  }
  const doors = readdirSync('src').flatMap((file) => /^(?!cli|errors)(.+)\.ts$/.exec(file)?.[1] ?? [])
  const entries = doors.map((door) => (door === 'index' ? '.' : `./${door}`))
  expect(Object.keys(exports).toSorted()).toEqual([...entries, './package.json'].toSorted())
  const targets = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? entry : Object.values(entry)))
  for (const target of targets) expect(statSync(join(root, target)).isFile(), target).toBe(true)
})

function specifiers(source: string): readonly string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
  const imports = code.matchAll(/(?:^|[\s;}])(?:from|import)\s*\(?\s*(['"])([\w@./:-]+)\1/g)
  return Array.from(imports, ([, , specifier = '']) => specifier)
}
