import { spawnSync } from 'node:child_process'
import { ConfigurationError, isTidemarkError } from '../../errors.ts'
import { codeFolder } from '../../internal/package-files.ts'

/** Why a module could not be imported, in words for whoever wrote it. */
export function moduleFault(path: string, shownPath: string, error: unknown): ConfigurationError {
  return new ConfigurationError(`${shownPath} could not be loaded: ${reason(path, error)}`, { cause: error })
}

function reason(path: string, error: unknown): string {
  if (!(error instanceof Error)) return `it threw ${String(error)}`
  if (isTidemarkError(error)) return [error.message, ...ownFrames(error).slice(0, 1)].join('\n')
  switch ((error as { readonly code?: unknown }).code) {
    case 'ERR_MODULE_NOT_FOUND':
    case 'MODULE_NOT_FOUND':
    case 'ERR_UNSUPPORTED_DIR_IMPORT':
      return `${firstLine(error)}${importHint(error)}`
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return `${firstLine(error)}. ${typeScriptHint}`
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return `${firstLine(error)}. Node.js only drops types; for enums and the like: npm i -D tsx`
    default:
      return (error instanceof SyntaxError ? syntaxReport(path) : undefined) ?? thrown(error)
  }
}

const typeScriptHint =
  'It is TypeScript, which is set up only when the module you name is TypeScript too: ' +
  "name a .ts file, or set NODE_OPTIONS='--import tsx'"

/** Node's own TypeScript wants each import as the file is called; what tsx and bundlers permit, it does not. */
function importHint({ message }: Error): string {
  const [, missing = ''] = /Cannot find (?:module|package) '([^']+)'/.exec(message) ?? []
  const [, importer = ''] = / imported from (\S+)/.exec(message) ?? []
  if (!/\.[cm]?ts$/.test(importer) || !missing.startsWith('/')) return ''
  return `. Node.js wants imports as the files are called ('./other.ts'); to import them without or as .js: npm i -D tsx`
}

/** A SyntaxError does not say where it is; Node's own check of the file does. */
function syntaxReport(path: string): string | undefined {
  const { status, stderr } = spawnSync(process.execPath, ['--check', path], { encoding: 'utf8', timeout: 10_000 })
  const lines = stderr?.split('\n') ?? []
  const end = lines.findIndex((line) => line.startsWith('SyntaxError'))
  return status === 0 || end < 0 ? undefined : `\n${lines.slice(0, end + 1).join('\n')}`
}

/** The error as it would be printed, without the frames that brought us to the module. */
function thrown(error: Error): string {
  const [head = ''] = (error.stack ?? '').split(/\n\s+at /, 1)
  const cause = error.cause === undefined ? [] : [`  cause: ${String(error.cause)}`]
  return [head === '' ? String(error) : head, ...ownFrames(error), ...cause].join('\n')
}

/** Those lines of the stack that are neither ours nor Node's. */
function ownFrames({ stack = '' }: Error): readonly string[] {
  const ourFolder = codeFolder().href
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !line.includes('node:') && !line.includes(ourFolder))
}

function firstLine({ message }: Error): string {
  return message.split('\n', 1)[0] ?? message
}
