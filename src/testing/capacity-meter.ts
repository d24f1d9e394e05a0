import {
  type CapacityAnswer,
  type CapacityRequest,
  type CapacityUnits,
  consumedUnits,
  refusedUnits,
  replayedUnits,
} from './capacity-units.ts'

/** What one operation was used for. */
export interface OperationUsage extends CapacityUnits {
  /** Calls to `send`, failed ones too. Retries inside the SDK are not seen. */
  readonly requests: number
}

/** What was used since the meter was made or reset. */
export interface Usage extends OperationUsage {
  /** By the operation's name, `PutItem`; only those that were called. */
  readonly operations: { readonly [operation: string]: OperationUsage }
}

/** A client and what is used through it. */
export interface Meter<Client> {
  /** The client to use in place of the one metered; it is the same in everything but that it counts. */
  readonly client: Client
  usage(): Usage
  /** Counts from zero again. */
  reset(): void
}

/** Any DynamoDB client of the SDK's shape. */
export interface MeterableClient {
  send(command: object): Promise<unknown>
}

const none: OperationUsage = { requests: 0, readUnits: 0, writeUnits: 0 }

/**
 * Counts the requests that go through `client` and the capacity units that AWS would charge for them, by AWS's published
 * rules: DynamoDB Local reports wrong figures for transactions and for missing items in batches.
 *
 * What the client can't see is approximated: a replaced or deleted item's old size counts only when `ReturnValues` asks
 * for it, an update is sized by its key and values unless `ReturnValues` shows the item, a projection or a filter hides
 * what was read, secondary indexes are left out. Exact for items that stay under 1 KB (writes) and 4 KB (reads).
 */
export function meter<Client extends MeterableClient>(client: Client): Meter<Client> {
  const counters = new Counters()
  return {
    client: new Proxy(client, {
      get: (target, name) => {
        if (name === 'send') return (command: object, ...rest: unknown[]) => counters.send(target, command, rest)
        const value: unknown = Reflect.get(target, name, target)
        return value
      },
    }),
    usage: () => counters.usage(),
    reset: () => counters.reset(),
  }
}

class Counters {
  readonly #operations = new Map<string, OperationUsage>()
  readonly #committedTokens = new Set<string>()

  async send(client: MeterableClient, command: object, rest: readonly unknown[]): Promise<unknown> {
    const operation = command.constructor.name.replace(/Command$/, '')
    const request = 'input' in command ? asRequest(command.input) : {}
    this.#count(operation, { ...none, requests: 1 })
    try {
      const answer: unknown = await Reflect.apply(client.send, client, [command, ...rest])
      this.#count(operation, this.#answeredUnits(operation, request, asAnswer(answer)))
      return answer
    } catch (error) {
      if (isRefusal(error)) this.#count(operation, refusedUnits(operation, request, asAnswer(error)))
      throw error
    }
  }

  usage(): Usage {
    const total = [...this.#operations.values()].reduce(plus, none)
    return { ...total, operations: Object.fromEntries(this.#operations) }
  }

  reset(): void {
    this.#operations.clear()
  }

  #answeredUnits(operation: string, request: CapacityRequest, answer: CapacityAnswer): CapacityUnits {
    const token = request.ClientRequestToken
    if (token === undefined) return consumedUnits(operation, request, answer)
    if (this.#committedTokens.has(token)) return replayedUnits(request)
    this.#committedTokens.add(token)
    return consumedUnits(operation, request, answer)
  }

  #count(operation: string, units: Partial<OperationUsage>): void {
    this.#operations.set(operation, plus(this.#operations.get(operation) ?? none, { ...none, ...units }))
  }
}

function plus(a: OperationUsage, b: OperationUsage): OperationUsage {
  return {
    requests: a.requests + b.requests,
    readUnits: a.readUnits + b.readUnits,
    writeUnits: a.writeUnits + b.writeUnits,
  }
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error && ['ConditionalCheckFailedException', 'TransactionCanceledException'].includes(error.name)
  )
}

// The SDK has checked the shapes; whatever else was sent has none of these fields.
function asRequest(input: unknown): CapacityRequest {
  return typeof input === 'object' && input !== null ? input : {}
}

function asAnswer(answer: unknown): CapacityAnswer {
  return typeof answer === 'object' && answer !== null ? answer : {}
}
