import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { JournalWriter } from '../../scripts/fleet/journal.ts'
import { JournalReader } from '../../scripts/fleet/journal-reader.ts'

const folder = mkdtempSync(join(tmpdir(), 'tidemark-journal-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a reader sees what writers wrote, as it comes, half a line not before it is whole', () => {
  const reader = new JournalReader()
  const [one, other] = [join(folder, 'one'), join(folder, 'other')]
  for (const path of [one, other]) reader.add(path)
  reader.look()
  expect(reader.entries, 'journals that nobody has begun').toEqual([])
  const writer = new JournalWriter(one, 'w1')
  const run = { key: 'k', n: 1, sequenceNumber: '1', shardId: 's', epoch: 3, attempt: 1 }
  writer.write({ kind: 'started', ...run })
  reader.look()
  writer.write({ kind: 'done', ...run })
  writer.close()
  appendFileSync(other, 'done k 2 2 s 3 w2 1 1')
  reader.look()
  expect(reader.entries).toMatchObject([
    { kind: 'started', worker: 'w1', ...run },
    { kind: 'done', worker: 'w1', ...run },
  ])
  expect(reader.doneCount).toBe(1)
  appendFileSync(other, '2.5\n')
  reader.look()
  expect(reader.entries[2]).toMatchObject({ n: 2, worker: 'w2', at: 12.5 })
  expect(reader.doneCount).toBe(2)
})
