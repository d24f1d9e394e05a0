import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { installed, type UserProject } from '../support/installed.ts'
import { typeCheck } from '../support/type-check.ts'

let project: UserProject

beforeAll(() => {
  project = installed(inject('tarball'), ['@aws-sdk', '@types', 'zod'])
  project.write('program.ts', readFileSync('test/package/program.ts', 'utf8'))
})

afterAll(() => project.remove())

test.for(['nodenext', 'bundler'] as const)('a program that uses every door compiles with %s', (moduleResolution) => {
  expect(typeCheck(project, moduleResolution)).toBe('')
})
