import type { DynamoDBSender } from '../../src/dynamodb.ts'

/** A command of the SDK, as far as a fault needs to know it. */
export interface Command {
  readonly name: string
  readonly input: Record<string, unknown>
}

/** Stands between a ledger and the real server: may refuse, lose a reply, or leave part of a request undone. */
export type Fault = (command: Command, send: (input?: object) => Promise<unknown>) => Promise<unknown>

/** The same client with a fault on its way. What reaches the server is real, and so is what it answers. */
export function intercept(client: DynamoDBSender, fault: Fault): DynamoDBSender {
  const send = (command: { readonly constructor: { readonly name: string }; input: Record<string, unknown> }) =>
    fault({ name: command.constructor.name, input: command.input }, (input) => {
      if (input === undefined) return client.send(command as never)
      const Constructor = command.constructor as unknown as new (input: object) => never
      return client.send(new Constructor(input))
    })
  return { send }
}

/** The requests that passed, by the name of their command. */
export function counted(client: DynamoDBSender): { client: DynamoDBSender; counts: Record<string, number> } {
  const counts: Record<string, number> = {}
  return {
    counts,
    client: intercept(client, ({ name }, send) => {
      counts[name] = (counts[name] ?? 0) + 1
      return send()
    }),
  }
}

export function awsError(name: string): Error {
  return Object.assign(new Error(`${name}, made by the test`), { name })
}

/** The connection broke after the server did its work: nobody knows that it did. */
export const lostReply: Fault = async (_command, send) => {
  await send()
  throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
}
