import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assertPlain, CliWorld, jsonLines } from './support/cli-world.ts'

let world: CliWorld
beforeAll(async () => {
  world = await CliWorld.create()
})
afterAll(() => world.close())

describe('tail', () => {
  test('shows what happens from now on, with what a MODIFY changed, and ends with 0 when it is asked to', async () => {
    await world.put('before')
    const tail = world.start('tail', 'orders')
    await tail.until(/watching orders in local at http:\S+, 1 shard/)
    await world.put('a', { status: { S: 'new' }, total: { N: '1' }, to: { M: { city: { S: 'Rome' } } } })
    await world.put('a', {
      status: { S: 'paid' },
      paidAt: { N: '12345678901234567890' },
      to: { M: { city: { S: 'Oslo' } } },
    })
    await world.remove('a')
    await tail.until(/REMOVE id=a[\s\S]*- to/)
    expect(await tail.end('SIGINT')).toBe(0)
    const lines = tail.stdout().replaceAll(/^\d\d:\d\d:\d\d /gm, '')
    expect(lines).toContain('INSERT id=a\n  + status  "new"\n  + total  1\n')
    expect(lines).toContain('  ~ status  "new" → "paid"\n')
    expect(lines).toContain('  ~ to.city  "Rome" → "Oslo"\n')
    expect(lines).toContain('  + paidAt  12345678901234567890\n')
    expect(lines).toMatch(/ {2}- total {2}1\n/)
    expect(lines).not.toContain('before')
    assertPlain(tail.stdout())
  })

  test('follows splits, and loses nothing at them', async () => {
    const tail = world.start('tail', 'orders', '--json')
    await tail.until(/watching/)
    for (let round = 0; round < 3; round += 1) {
      world.engine.splitShard('orders')
      for (let item = 0; item < 10; item += 1) await world.put(`split-${round}-${item}`)
    }
    await tail.until(/(?:(?:^(?!\{).*\n)*^\{.*\n){30}/m) // each shard at its own pace: the last round says nothing of the others
    expect(await tail.end('SIGTERM')).toBe(0)
    const ids = jsonLines(tail.stdout()).map(({ keys }) => (keys as { readonly id: string }).id)
    expect(ids.toSorted()).toEqual(Array.from({ length: 30 }, (_, n) => `split-${Math.floor(n / 10)}-${n % 10}`))
  })

  test('goes back to the horizon or so far, filters, and ends at its limit', async () => {
    await world.put('filtered', { kind: { S: 'mail' } })
    await world.remove('filtered')
    const filter = ['--filter', '{"eventName":["REMOVE"],"dynamodb":{"Keys":{"id":{"S":["filtered"]}}}}']
    for (const from of ['trim-horizon', '1h']) {
      const { code, stdout } = await world.run('tail', 'orders', '--from', from, '--limit', '1', '--json', ...filter)
      expect(code).toBe(0)
      expect(jsonLines(stdout)).toMatchObject([
        { eventName: 'REMOVE', keys: { id: 'filtered' }, oldImage: { kind: 'mail' }, shardId: expect.any(String) },
      ])
    }
  })

  test('an image that would steer the terminal, or is wider than it, is shown in one plain line', async () => {
    await world.put('wide', { text: { S: `\u001B[2J\r\n${'x'.repeat(500)}` } })
    const filter = '{"dynamodb":{"Keys":{"id":{"S":["wide"]}}}}'
    const { stdout } = await world.run('tail', 'orders', '--from', '1h', '--limit', '1', '--filter', filter)
    assertPlain(stdout)
    expect(stdout).toMatch(/\+ text {2}".*…$/m)
  })
})
