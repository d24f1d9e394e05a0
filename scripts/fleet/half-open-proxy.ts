import { createServer, connect, type Server, type Socket } from 'node:net'

/** Which way nothing gets through any more, while both ends take the connection for good. */
export type Direction = 'toServer' | 'toClient' | 'both'

/** How a black hole ends: what was held arrives late, as TCP sends it again; or the connections are reset. */
export type Healing = 'deliver' | 'reset'

/**
 * A TCP proxy between one worker and the service.
 *
 *     open ── blackHole ──▶ holding (bytes and ends of one or both directions wait) ── heal ──▶ open
 *     open ── cut ──▶ refusing (every connection is reset) ── heal ──▶ open
 */
export class HalfOpenProxy {
  readonly port: number
  readonly #server: Server
  readonly #pairs: Set<Pair>
  readonly #state: State

  private constructor(server: Server, port: number, pairs: Set<Pair>, state: State) {
    this.#server = server
    this.port = port
    this.#pairs = pairs
    this.#state = state
  }

  static async start(targetPort: number): Promise<HalfOpenProxy> {
    const pairs = new Set<Pair>()
    const state: State = { toServer: false, toClient: false, refusing: false }
    const server = createServer((client) => {
      if (state.refusing) return void client.resetAndDestroy()
      const pair = new Pair(client, connect(targetPort, '127.0.0.1'), state)
      pairs.add(pair)
      pair.whenGone(() => pairs.delete(pair))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
    return new HalfOpenProxy(server, address.port, pairs, state)
  }

  blackHole(direction: Direction): void {
    this.#state.toServer = direction !== 'toClient'
    this.#state.toClient = direction !== 'toServer'
  }

  cut(): void {
    this.#state.refusing = true
    for (const pair of this.#pairs) pair.reset()
  }

  heal(healing: Healing = 'deliver'): void {
    Object.assign(this.#state, { toServer: false, toClient: false, refusing: false } satisfies State)
    for (const pair of this.#pairs) {
      if (healing === 'deliver') pair.deliver()
      else pair.reset()
    }
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) pair.reset()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}

interface State {
  toServer: boolean
  toClient: boolean
  refusing: boolean
}

/** A client's connection and the one made to the server for it. */
class Pair {
  readonly #client: Socket
  readonly #server: Socket
  readonly #toServer: Flow
  readonly #toClient: Flow

  constructor(client: Socket, server: Socket, state: State) {
    this.#client = client
    this.#server = server
    this.#toServer = new Flow(client, server, () => state.toServer)
    this.#toClient = new Flow(server, client, () => state.toClient)
  }

  deliver(): void {
    this.#toServer.deliver()
    this.#toClient.deliver()
  }

  reset(): void {
    this.#client.resetAndDestroy()
    this.#server.resetAndDestroy()
  }

  whenGone(callback: () => void): void {
    const look = () => {
      if (this.#client.destroyed && this.#server.destroyed) callback()
    }
    this.#client.once('close', look)
    this.#server.once('close', look)
  }
}

/** One direction. What is held keeps its order, and the end of a connection is held like its bytes. */
class Flow {
  readonly #to: Socket
  #held: Buffer[] = []
  #hasEnded = false

  constructor(from: Socket, to: Socket, isHeld: () => boolean) {
    this.#to = to
    from.setNoDelay(true)
    from.on('data', (chunk: Buffer) => {
      this.#held.push(chunk)
      if (!isHeld()) this.deliver()
    })
    from.on('error', () => {}) // `close` follows
    from.once('close', () => {
      this.#hasEnded = true
      if (!isHeld()) this.deliver()
    })
  }

  deliver(): void {
    const held = this.#held
    this.#held = []
    if (!this.#to.destroyed) for (const chunk of held) this.#to.write(chunk)
    if (this.#hasEnded) this.#to.destroySoon()
  }
}
