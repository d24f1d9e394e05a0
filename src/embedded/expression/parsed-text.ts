import { ExpressionProblem } from './problem.ts'

const maxBytes = 4096

/** How many expressions of each kind are kept parsed: more than a program has, unless it writes values into them. */
export const cacheSize = 1000

/** Refuses what the service does not even begin to read. */
export function checkText(text: string): void {
  if (text === '') throw new ExpressionProblem('The expression can not be empty;')
  const bytes = text.length > maxBytes / 3 ? Buffer.byteLength(text) : 0
  if (bytes > maxBytes)
    throw new ExpressionProblem(`Expression size has exceeded the maximum allowed size; expression size: ${bytes}`)
}
