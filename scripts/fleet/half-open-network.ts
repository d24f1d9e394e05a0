import { HalfOpenProxy, type Direction, type Healing } from './half-open-proxy.ts'

/** Everything that one worker can reach, each server through a proxy: a network that is cut is cut for all of it. */
export class HalfOpenNetwork {
  /** What the worker is to connect to, in place of the servers' own ports and in their order. */
  readonly ports: readonly number[]
  readonly #proxies: readonly HalfOpenProxy[]

  private constructor(proxies: readonly HalfOpenProxy[]) {
    this.#proxies = proxies
    this.ports = proxies.map(({ port }) => port)
  }

  static async start(serverPorts: readonly number[]): Promise<HalfOpenNetwork> {
    return new HalfOpenNetwork(await Promise.all(serverPorts.map((port) => HalfOpenProxy.start(port))))
  }

  blackHole(direction: Direction): void {
    for (const proxy of this.#proxies) proxy.blackHole(direction)
  }

  cut(): void {
    for (const proxy of this.#proxies) proxy.cut()
  }

  heal(healing: Healing): void {
    for (const proxy of this.#proxies) proxy.heal(healing)
  }

  async close(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.close()))
  }
}
