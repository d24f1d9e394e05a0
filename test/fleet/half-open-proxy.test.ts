import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HalfOpenProxy } from '../../scripts/fleet/half-open-proxy.ts'

let service: Server
let proxy: HalfOpenProxy
let received: string
let connections: Socket[]

beforeEach(async () => {
  received = ''
  connections = []
  service = createServer((socket) => {
    connections.push(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      received += String(chunk)
      socket.write(`re:${String(chunk)}`)
    })
  })
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
  const address = service.address()
  proxy = await HalfOpenProxy.start(typeof address === 'object' && address !== null ? address.port : 0)
})

afterEach(async () => {
  for (const socket of connections) socket.destroy()
  await proxy.close()
  await new Promise((resolve) => service.close(resolve))
})

/** A client with what it got so far. */
async function client(): Promise<{ socket: Socket; got: () => string; end: Promise<string> }> {
  const socket = connect(proxy.port, '127.0.0.1')
  let got = ''
  let how = 'closed'
  socket.on('data', (chunk) => (got += String(chunk)))
  socket.on('error', (error) => (how = (error as NodeJS.ErrnoException).code ?? ''))
  const end = new Promise<string>((resolve) => socket.once('close', () => resolve(how)))
  await new Promise((resolve) => socket.once('connect', resolve))
  return { socket, got: () => got, end }
}

const until = (condition: () => boolean) => expect.poll(condition).toBe(true)
const aWhile = () => new Promise((resolve) => setTimeout(resolve, 50))

test('open, it passes both ways, and the end of a connection too', async () => {
  const { socket, got, end } = await client()
  socket.write('a')
  await until(() => got() === 're:a')
  connections[0]?.end()
  expect(await end).toBe('closed')
})

test('requests that are lost do not arrive; delivered late, they do, in order', async () => {
  const { socket, got } = await client()
  proxy.blackHole('toServer')
  socket.write('a')
  socket.write('b')
  await aWhile()
  expect(received).toBe('')
  proxy.heal('deliver')
  await until(() => received === 'ab' && got().endsWith('b'))
  socket.destroy()
})

test('replies that are lost leave a request that took effect', async () => {
  const { socket, got } = await client()
  proxy.blackHole('toClient')
  socket.write('a')
  await until(() => received === 'a')
  await aWhile()
  expect(got()).toBe('')
  proxy.heal('deliver')
  await until(() => got() === 're:a')
  socket.destroy()
})

test('reset after a black hole, what was held never arrives', async () => {
  const { socket, end } = await client()
  proxy.blackHole('both')
  socket.write('a')
  await aWhile()
  proxy.heal('reset')
  expect(await end).toBe('ECONNRESET')
  expect(received).toBe('')
})

test('a client that gives up in a black hole is still there for the service, until that heals', async () => {
  const { socket } = await client()
  socket.write('a')
  await until(() => received === 'a')
  proxy.blackHole('both')
  socket.destroy()
  await aWhile()
  expect(connections[0]?.destroyed).toBe(false)
  proxy.heal('deliver')
  await until(() => connections[0]?.destroyed === true)
})

test('cut, it resets what is open and what is tried; healed, it takes connections again', async () => {
  const one = await client()
  proxy.cut()
  expect(await one.end).toBe('ECONNRESET')
  const refused = connect(proxy.port, '127.0.0.1')
  const code = await new Promise((resolve) => refused.once('error', (error) => resolve(Reflect.get(error, 'code'))))
  expect(code).toBe('ECONNRESET')
  proxy.heal()
  const other = await client()
  other.socket.write('b')
  await until(() => received === 'b')
  other.socket.destroy()
})
