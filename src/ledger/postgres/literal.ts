/** A text as an SQL literal, whatever `standard_conforming_strings` says. */
function literal(text: string): string {
  if (text.includes('\0')) throw new TypeError('PostgreSQL holds no text with a NUL')
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

/** The statement with its parameters written into it. */
export function inlined(text: string, values: readonly string[]): string {
  return text.replaceAll(/\$(\d+)/g, (_match, number: string) => literal(values[Number(number) - 1] ?? ''))
}
