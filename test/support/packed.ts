import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProvidedContext } from 'vitest'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The package as it would be published: the tarball that `npm pack` made of a fresh build. */
    tarball: string
  }
}

/** Builds and packs once for all tests of the package. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-pack-'))
  const { status, stdout, stderr } = spawnSync('npm', ['pack', '--pack-destination', folder], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm pack failed:\n${stdout}\n${stderr}`)
  const [tarball = ''] = readdirSync(folder)
  project.provide('tarball', join(folder, tarball) satisfies ProvidedContext['tarball'])
  return () => rmSync(folder, { recursive: true, force: true })
}
