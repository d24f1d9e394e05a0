import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { installed, type UserProject } from '../support/installed.ts'
import { typeCheck } from '../support/type-check.ts'

const pages = readdirSync('docs').filter((name) => name.endsWith('.md'))
const documents = ['README.md', ...pages.map((name) => join('docs', name))]

const blocksOf = (document: string) =>
  Array.from(
    readFileSync(document, 'utf8').matchAll(/^```(?:ts|typescript)\n([\s\S]*?)^```$/gm),
    ([, code = '']) => code,
  )

let project: UserProject

beforeAll(() => {
  project = installed(inject('tarball'), ['@aws-sdk', '@types', 'zod', 'vitest'])
})

afterAll(() => project.remove())

test('every TypeScript block of the README and of docs/ compiles against the package', () => {
  // A module that some blocks import: the consumer of which they speak.
  project.write(
    'receipts.ts',
    `import { createConsumer } from 'tidemark'
export const receipts = createConsumer({ name: 'receipts', handler: () => {} })`,
  )
  for (const document of documents)
    for (const [index, code] of blocksOf(document).entries())
      project.write(`${basename(document, '.md')}-${index + 1}.ts`, code)
  expect(typeCheck(project, 'nodenext')).toBe('')
})

test('the documents with code are found', () => {
  expect(documents.filter((document) => blocksOf(document).length > 0)).toEqual(
    expect.arrayContaining(['README.md', 'docs/dead-letters.md', 'docs/worker.md']),
  )
})
