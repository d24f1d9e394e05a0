import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { installed, type UserProject } from '../support/installed.ts'
import { typeCheck } from '../support/type-check.ts'

const blocks = Array.from(
  readFileSync('README.md', 'utf8').matchAll(/^```(?:ts|typescript)\n([\s\S]*?)^```$/gm),
  ([, code = '']) => code,
)

let project: UserProject

beforeAll(() => {
  project = installed(inject('tarball'), ['@aws-sdk', '@types', 'zod', 'vitest'])
})

afterAll(() => project.remove())

test('every TypeScript block of the README compiles against the package', () => {
  expect(blocks.length).toBeGreaterThan(0)
  for (const [index, code] of blocks.entries()) project.write(`block-${index + 1}.ts`, code)
  expect(typeCheck(project, 'nodenext')).toBe('')
})
