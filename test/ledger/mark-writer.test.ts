import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MarkWriter } from '../../src/ledger/mark-writer.ts'
import { deferred, turns, type Deferred } from '../support/deferred.ts'

interface Mark {
  readonly laneKey: string
  readonly id: number
}

function writerOf(pace: 'full' | 'eager', chunkSize = 25, maxInFlight = 4) {
  const writes: { readonly marks: readonly Mark[]; readonly done: Deferred }[] = []
  const writer = new MarkWriter<Mark>({
    pace,
    chunkSize,
    maxInFlight,
    write(marks) {
      const done = deferred()
      writes.push({ marks, done })
      return done.promise
    },
  })
  return { writer, writes }
}

function marks(count: number, lanes: number): Mark[] {
  return Array.from({ length: count }, (_, id) => ({ laneKey: `lane-${id % lanes}`, id }))
}

describe('a mark writer', () => {
  test('waits for a whole chunk, and a flush sends the rest', async () => {
    const { writer, writes } = writerOf('full')
    for (const mark of marks(60, 60)) void writer.add(mark)
    expect(writes.map((write) => write.marks.length)).toEqual([25, 25])
    const flushed = writer.flush()
    expect(writes.map((write) => write.marks.length)).toEqual([25, 25, 10])
    for (const write of writes) write.done.resolve()
    await flushed
  })

  test('sends at once when told to be eager, and gathers what comes while it may not', async () => {
    const { writer, writes } = writerOf('eager', 25, 1)
    for (const mark of marks(10, 10)) void writer.add(mark)
    expect(writes.map((write) => write.marks.length)).toEqual([1])
    writes[0]?.done.resolve()
    await turns()
    expect(writes.map((write) => write.marks.length)).toEqual([1, 9])
    writes[1]?.done.resolve()
    await writer.flush()
  })

  test('never sends a mark before the one ahead of it in its lane is acknowledged', async () => {
    const { writer, writes } = writerOf('full')
    void writer.add({ laneKey: 'a', id: 1 })
    void writer.add({ laneKey: 'a', id: 2 })
    void writer.add({ laneKey: 'b', id: 3 })
    const flushed = writer.flush()
    expect(writes.map((write) => write.marks.map(({ id }) => id))).toEqual([[1, 3]])
    writes[0]?.done.resolve()
    await turns()
    expect(writes.map((write) => write.marks.map(({ id }) => id))).toEqual([[1, 3], [2]])
    writes[1]?.done.resolve()
    await flushed
  })

  test('fails what waits behind a mark that could not be written, now and later, and nothing else', async () => {
    const { writer, writes } = writerOf('full')
    const lost = writer.add({ laneKey: 'a', id: 1 })
    const behind = writer.add({ laneKey: 'a', id: 2 })
    const flushed = writer.flush()
    writes[0]?.done.reject(new Error('no table'))
    await expect(lost).rejects.toThrow('no table')
    await expect(behind).rejects.toThrow('no table')
    await expect(writer.add({ laneKey: 'a', id: 3 })).rejects.toThrow('no table')
    await flushed
    const other = writer.add({ laneKey: 'b', id: 4 })
    void writer.flush()
    writes[1]?.done.resolve()
    await other
  })

  test('once abandoned sends nothing that was not sent, nor what comes behind it, and what is under way may land', async () => {
    const { writer, writes } = writerOf('full', 2, 1)
    const underWay = [writer.add({ laneKey: 'a', id: 1 }), writer.add({ laneKey: 'b', id: 2 })]
    const behind = writer.add({ laneKey: 'a', id: 3 })
    const waiting = writer.add({ laneKey: 'c', id: 4 })
    const flushed = writer.flush()
    writer.abandon()
    for (const lost of [behind, waiting]) await expect(lost).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    await expect(writer.add({ laneKey: 'a', id: 5 })).rejects.toMatchObject({ code: 'ERR_DEADLINE' })
    writes[0]?.done.resolve()
    await Promise.all([...underWay, flushed, writer.flush()])
    expect(writes.map(({ marks: sent }) => sent.map(({ id }) => id))).toEqual([[1, 2]])
  })

  test('a flush of nothing resolves', async () => {
    await writerOf('full').writer.flush()
  })

  test('at every moment the durable marks of a lane are a prefix of it, whatever fails and in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 }),
        fc.array(fc.record({ which: fc.nat(), fails: fc.boolean() }), { maxLength: 60 }),
        fc.constantFrom('full' as const, 'eager' as const),
        async (lanes, answers, pace) => {
          const { writer, writes } = writerOf(pace, 5, 3)
          const added = lanes.map((lane, id) => ({ laneKey: `lane-${lane}`, id }))
          const outcomes = added.map((mark) => writer.add(mark).catch(() => undefined))
          const flushed = writer.flush()
          const durable = new Set<number>()
          const open = () => writes.filter((write) => !answered.has(write))
          const answered = new Set<(typeof writes)[number]>()
          for (let step = 0; open().length > 0; step += 1) {
            const { which, fails } = answers[step % Math.max(1, answers.length)] ?? { which: 0, fails: false }
            const write = open()[which % open().length]
            if (write === undefined) break
            answered.add(write)
            if (!fails) for (const { id } of write.marks) durable.add(id)
            if (fails) write.done.reject(new Error('lost'))
            else write.done.resolve()
            await turns()
            for (const { laneKey } of added) {
              const flags = added.filter((mark) => mark.laneKey === laneKey).map(({ id }) => durable.has(id))
              expect(flags).toEqual(flags.toSorted((a, b) => Number(b) - Number(a)))
            }
          }
          await flushed
          await Promise.all(outcomes)
        },
      ),
      { numRuns: 100 },
    )
  })
})
