import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CliWorld } from './support/cli-world.ts'
import { Terminal } from './support/terminal.ts'

let world: CliWorld
const open: Terminal[] = []
beforeAll(async () => {
  world = await CliWorld.create()
  await world.put('a', { n: { N: '1' } })
})
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.close()
})
afterAll(() => world.close())

function terminal(args: readonly string[], env?: Record<string, string>): Terminal {
  const opened = new Terminal(world.project, args, env)
  open.push(opened)
  return opened
}

describe('in a terminal', () => {
  test('a question is asked before something is put; only y says yes, and Ctrl+C no', async () => {
    for (const [key, code, said] of [
      ['y', 0, /1 item put into orders/],
      ['n', 1, /\[y\/N\] n/],
      ['C-c', 1, /\[y\/N\]/],
    ] as const) {
      const asked = terminal(['send', 'orders', '--item', '{"id":"asked"}'])
      await asked.until(/Put this item into orders\? \[y\/N\]/)
      asked.type(...(key === 'C-c' ? [key] : [key, 'Enter']))
      const screen = await asked.until(/exit=\d+/)
      expect(screen).toContain(`exit=${code}`)
      expect(screen).toMatch(said)
    }
  })

  test('long work has a bar, in one line, which is gone when it is over', async () => {
    const sending = terminal(['send', 'orders', '--count', '60', '--rate', '40', '--yes'])
    const during = await sending.until(/putting [█░]{24} \d+ of 60/)
    expect(during.match(/putting/g)).toHaveLength(1)
    const after = await sending.until(/exit=0/)
    expect(after).toContain('60 items put into orders')
    expect(after).not.toContain('putting')
  })

  test('the status is drawn over with --watch, and Ctrl+C ends it with 0', async () => {
    world.consumer('consumer.mjs')
    const worker = await world.worker('consumer.mjs')
    const watching = terminal(['status', 'receipts', '--table', 'orders', '--watch', '--interval', '1s'])
    await watching.until(/receipts on orders/)
    await new Promise((later) => setTimeout(later, 2_500))
    expect(watching.screen().match(/receipts on orders/g)).toHaveLength(1)
    watching.type('C-c')
    await watching.until(/exit=0/)
    await worker.end('SIGTERM')
  })

  test('changes have colours, unless NO_COLOR says otherwise', async () => {
    const args = ['tail', 'orders', '--from', 'trim-horizon', '--limit', '1']
    const coloured = terminal(args)
    await coloured.until(/INSERT id=a[\s\S]*exit=0/)
    expect(coloured.screen(true)).toContain('\u001B[')
    const plain = terminal(args, { NO_COLOR: '1' })
    await plain.until(/INSERT id=a[\s\S]*exit=0/)
    expect(plain.screen(true).split('exit=0')[0]).not.toContain('\u001B[3')
  })
})
