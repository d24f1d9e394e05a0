import { execFile } from 'node:child_process'
import { describeEvent, type ReplayEvent } from './chaos-events.ts'
import type { Crew } from './crew.ts'
import type { EngineProcess } from './engine-process.ts'
import { consumerName } from './fleet-consumer.ts'

/** What `tidemark replay --json` answers, as far as it is looked at. */
interface Answer {
  readonly outcome: 'replayed' | 'nothing' | 'alive' | 'changed'
  readonly deliveredCount?: number
}

export interface ReplaySettings {
  /** The command, bundled. */
  readonly program: string
  readonly engine: EngineProcess
  readonly tableNames: readonly string[]
  readonly crew: Crew
  readonly say: (line: string) => void
}

const mostTries = 5

/** Sends the fleet back to the beginning of its streams, by the command that users have. */
export class Replays {
  readonly #settings: ReplaySettings
  #count = 0
  #recordCount = 0

  constructor(settings: ReplaySettings) {
    this.#settings = settings
  }

  /** How often the fleet went back. */
  get count(): number {
    return this.#count
  }

  /** How many records were to be handed out again. */
  get recordCount(): number {
    return this.#recordCount
  }

  async run(event: ReplayEvent): Promise<void> {
    const { crew, say } = this.#settings
    say(describeEvent(event))
    await crew.behindClosedDoors(async () => {
      await this.#rewind(event.how)
      for (const name of event.joining) await crew.add(name)
    })
  }

  /** Goes back when nobody is there any more. */
  async rewindAll(): Promise<void> {
    await this.#rewind('stop')
  }

  async #rewind(how: 'kill' | 'stop'): Promise<void> {
    const { crew, tableNames, say } = this.#settings
    for (let tries = 1; tries <= mostTries; tries += 1) {
      await crew.endAwake(tries === 1 ? how : 'kill')
      const answers = await Promise.all(tableNames.map((name) => this.#replay(name)))
      const recordCount = answers.reduce((sum, { deliveredCount = 0 }) => sum + deliveredCount, 0)
      this.#recordCount += recordCount
      say(`replay: ${answers.map(({ outcome }) => outcome).join(', ')}; ${recordCount} records come again`)
      // Who slept has woken up meanwhile, and works: it goes as well.
      if (answers.some(({ outcome }) => outcome === 'alive' || outcome === 'changed')) continue
      this.#count += 1
      return
    }
    crew.accidents.push(`the fleet could not be sent back in ${mostTries} tries`)
  }

  #replay(tableName: string): Promise<Answer> {
    const { program, engine } = this.#settings
    const { region, credentials } = engine.clientConfig
    const options = ['--table', tableName, '--from', 'trim-horizon', '--yes', '--json', '--region', region]
    const endpoint = ['--endpoint-url', `http://127.0.0.1:${engine.port}`]
    const env = {
      ...process.env,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    }
    return new Promise((resolve, reject) => {
      execFile(
        process.execPath,
        [program, 'replay', consumerName, ...options, ...endpoint],
        { env },
        (error, stdout, stderr) => {
          try {
            resolve(JSON.parse(stdout) as Answer)
          } catch {
            reject(new Error(`tidemark replay of ${tableName} failed: ${stdout}${stderr}`, { cause: error }))
          }
        },
      )
    })
  }
}
