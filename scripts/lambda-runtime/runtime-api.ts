import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the function answered to one invocation, or the error it reported. */
export interface Answer {
  readonly outcome: 'response' | 'error'
  readonly body: unknown
}

/** The part of the Lambda service that a runtime client talks to, on a loopback port. */
export interface RuntimeApi {
  /** For the client's environment variable `AWS_LAMBDA_RUNTIME_API`. */
  readonly address: string
  /** Hands one event to the function, which has `timeoutMs` from now as Lambda counts it. */
  invoke(event: unknown, timeoutMs: number): Promise<Answer>
  close(): void
}

interface Invocation {
  readonly id: string
  readonly event: unknown
  readonly timeoutMs: number
  readonly answer: (answer: Answer) => void
}

/** Starts a Runtime API of one function: it serves one invocation at a time, as Lambda does to one environment. */
export async function startRuntimeApi(): Promise<RuntimeApi> {
  const running = new Map<string, Invocation>()
  const queue: Invocation[] = []
  const polls: ServerResponse[] = []
  let count = 0

  const dispatch = () => {
    while (queue.length > 0 && polls.length > 0) {
      const [invocation, poll] = [queue.shift(), polls.shift()]
      if (invocation === undefined || poll === undefined) return
      running.set(invocation.id, invocation)
      poll.setHeader('Lambda-Runtime-Aws-Request-Id', invocation.id)
      poll.setHeader('Lambda-Runtime-Deadline-Ms', String(Date.now() + invocation.timeoutMs))
      poll.setHeader('Lambda-Runtime-Invoked-Function-Arn', 'arn:aws:lambda:eu-central-1:000000000000:function:check')
      poll.setHeader('Content-Type', 'application/json')
      poll.end(JSON.stringify(invocation.event))
    }
  }

  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace('/2018-06-01/runtime/', '')
    if (path === 'invocation/next') {
      polls.push(response)
      return dispatch()
    }
    void read(request).then((body) => {
      response.writeHead(202).end('{}')
      if (path === 'init/error') for (const { answer } of queue.splice(0)) answer({ outcome: 'error', body })
      const [, id = '', outcome] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? []
      const invocation = running.get(id)
      running.delete(id)
      invocation?.answer({ outcome: outcome === 'response' ? 'response' : 'error', body })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    invoke: (event, timeoutMs) =>
      new Promise((answer) => {
        queue.push({ id: `invocation-${++count}`, event, timeoutMs, answer })
        dispatch()
      }),
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function read(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  return text === '' ? undefined : JSON.parse(text)
}
