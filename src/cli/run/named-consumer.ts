import type { Consumer } from '../../consumer/consumer.ts'
import { ConfigurationError } from '../../errors.ts'
import { loadConsumers } from './load-consumers.ts'

/** The consumer of that name which a module exports. Behind a connection: its own clients then meet the same DynamoDB. */
export async function namedConsumer(module: string, name: string): Promise<Consumer> {
  const consumers = await loadConsumers(module)
  const found = consumers.find((consumer) => consumer.name === name)
  if (found !== undefined) return found
  const names = consumers.map((consumer) => `'${consumer.name}'`).join(', ')
  throw new ConfigurationError(`${module} exports no consumer called '${name}'; it exports ${names}`)
}
