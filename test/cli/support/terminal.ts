import { spawnSync } from 'node:child_process'
import type { CommandProject } from './command-project.ts'

let count = 0

/** A terminal of 80 columns and 24 lines, in which a command of the project runs: tmux plays it. */
export class Terminal {
  readonly #socket = `tidemark-test-${process.pid}-${(count += 1)}`

  constructor({ folder, environment }: CommandProject, args: readonly string[], env: Record<string, string> = {}) {
    const variables = Object.entries({ ...environment, ...env }).flatMap(([name, value]) => ['-e', `${name}=${value}`])
    const command = [process.execPath, 'node_modules/tidemark/dist/cli.js', ...args].map(quoted).join(' ')
    // Its exit code is printed behind it, and the terminal stays for us to read.
    this.#tmux(
      ...['-f', '/dev/null', 'new-session', '-d', '-x', '80', '-y', '24', '-c', folder, ...variables],
      `${command}; echo "exit=$?"; sleep 600`,
    )
  }

  /** What it shows, line by line; with `colours` as escape sequences. */
  screen(colours = false): string {
    return this.#tmux('capture-pane', '-p', ...(colours ? ['-e'] : []))
  }

  /** Resolves with the screen once it matches. The test's own time is the limit. */
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const screen = this.screen()
      if (pattern.test(screen)) return screen
      await new Promise((look) => setTimeout(look, 50))
    }
  }

  /** Types keys, as tmux calls them: `y`, `Enter`, `C-c`. */
  type(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys)
  }

  close(): void {
    this.#tmux('kill-server')
  }

  #tmux(...args: readonly string[]): string {
    // A terminal of its own: what the tests are told of colours is not for what runs in it.
    const { NO_COLOR: _colours, FORCE_COLOR: _forced, ...env } = process.env
    return spawnSync('tmux', ['-L', this.#socket, ...args], { encoding: 'utf8', env }).stdout
  }
}

function quoted(argument: string): string {
  return `'${argument.replaceAll("'", String.raw`'\''`)}'`
}
