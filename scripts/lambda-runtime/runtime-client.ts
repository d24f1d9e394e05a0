import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const version = '3.3.0' // the last that runs on Node 20
const root = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tidemark', `aws-lambda-ric-${version}`)
const executable = join(root, 'node_modules', '.bin', 'aws-lambda-ric')
const built = join(root, 'node_modules', 'aws-lambda-ric', 'dist', 'rapid-client.node')

/**
 * The path of Lambda's own runtime client, `aws-lambda-ric`, compiled on first use (about 90 s) into the user's cache:
 * beside the project and not in `node_modules`, which every `npm ci` empties.
 */
export function installRuntimeClient(): string {
  if (existsSync(built) && existsSync(executable)) return executable
  installBuildTools()
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root, { recursive: true })
  run('npm', ['install', '--prefix', root, '--no-audit', '--no-fund', '--no-save', `aws-lambda-ric@${version}`])
  if (!existsSync(built)) throw new Error(`aws-lambda-ric was installed, but ${built} is not there`)
  return executable
}

// What the compilation needs, each with the shell command that tells whether it is there.
const buildTools = {
  autoconf: 'command -v autoreconf',
  automake: 'command -v automake',
  libtool: 'command -v libtoolize',
  'g++': 'command -v g++',
  make: 'command -v make',
  cmake: 'command -v cmake',
  python3: 'command -v python3',
  'python3-setuptools': 'python3 -c "import distutils"', // node-gyp's; gone from Python itself since 3.12
}

function installBuildTools(): void {
  const missing = Object.entries(buildTools).flatMap(([name, probe]) => (succeeds(probe) ? [] : [name]))
  if (missing.length === 0) return
  if (!succeeds('command -v apt-get')) throw new Error(`compiling aws-lambda-ric needs ${missing.join(', ')}`)
  const sudo = process.getuid?.() === 0 ? '' : 'sudo '
  run('sh', ['-c', `${sudo}apt-get update -qq && ${sudo}apt-get install -y -qq ${missing.join(' ')}`])
}

function succeeds(probe: string): boolean {
  return spawnSync('sh', ['-c', probe]).status === 0
}

function run(command: string, parameters: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { encoding: 'utf8' })
  if (status === 0) return
  throw new Error(`${command} ${parameters.join(' ')} failed (${status ?? error?.message}):\n${stdout}\n${stderr}`)
}
