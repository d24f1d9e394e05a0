import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { crc32 } from 'node:zlib'
import { ConfigurationError } from '../../errors.ts'
import type { Engine } from '../engine.ts'
import { type Answer, answer } from './protocol.ts'

/** Options of `listen`. */
export interface ListenOptions {
  /** @default 0: a free one */
  readonly port?: number
  /** The loopback interface, and no other: there are no credentials to check. @default '127.0.0.1' */
  readonly host?: '127.0.0.1'
}

/** An embedded DynamoDB behind a port. It keeps the process alive until it is closed. */
export interface EmbeddedServer {
  /** `http://127.0.0.1:<port>`, for both the tables and the streams client. */
  readonly endpoint: string
  readonly port: number
  /** What both SDK clients need to reach it: `new DynamoDBClient(server.clientConfig)`. */
  readonly clientConfig: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
  /** Closes the port and all connections. Calling it again does nothing more. */
  close(): Promise<void>
}

const mostBytes = 16 * 1024 * 1024
// Longer than clients keep idle sockets: one that is closed here just when it is used again fails a request.
const idleMs = 120_000

export async function startServer(engine: Engine, region: string, options: ListenOptions): Promise<EmbeddedServer> {
  const { port: wanted = 0, host = '127.0.0.1' } = options
  if (host !== '127.0.0.1') throw new ConfigurationError("host must be '127.0.0.1': there are no credentials to check")
  const exchange = new Exchange(engine)
  const server = createServer({ keepAliveTimeout: idleMs }, (request, response) => exchange.take(request, response))
  const port = await listening(server, wanted, host)
  const endpoint = `http://${host}:${port}`
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  return { endpoint, port, clientConfig: { endpoint, region, credentials }, close: () => closed(server) }
}

/** Reads requests and writes their answers. */
class Exchange {
  readonly #engine: Engine
  #requests = 0

  constructor(engine: Engine) {
    this.#engine = engine
  }

  take(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'GET') return this.#write(response, { status: 200, body: 'healthy' })
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= mostBytes) chunks.push(chunk)
    })
    request.on('error', () => {}) // the client went away; nobody is left to be answered
    request.on('end', () => {
      if (bytes > mostBytes) return this.#write(response, { status: 413, body: '' })
      const [first] = chunks
      const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
      this.#write(response, answer(this.#engine, request.headers, request.url ?? '', body.toString('utf8')))
    })
  }

  #write(response: ServerResponse, { status, body }: Answer): void {
    this.#requests += 1
    const bytes = Buffer.from(body)
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': bytes.length,
      'x-amzn-requestid': `embedded-${this.#requests}`,
      'x-amz-crc32': String(crc32(bytes)),
    })
    response.end(bytes)
  }
}

function listening(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(new ConfigurationError(`port ${port} can't be had`, { cause })))
    server.listen(port, host, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve()) // an error says that it was closed before
    server.closeAllConnections()
  })
}
