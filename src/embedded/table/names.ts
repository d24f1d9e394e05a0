import { constraint, type Fields, missing, textField } from '../fields.ts'

/** The name of a table that a request is about; an ARN is taken by the name in it. */
export function tableNameOf(fields: Fields): string {
  const given = textField(fields, 'TableName')
  if (given === undefined) throw missing('tableName')
  const name = /^arn:[^:]+:dynamodb:[^:]*:[^:]*:table\/([^/]+)$/.exec(given)?.[1] ?? given
  assertName(name, 'tableName')
  return name
}

export function assertName(name: string, path: string): void {
  if (name.length < 3) throw constraint(name, path, 'Member must have length greater than or equal to 3')
  if (name.length > 255) throw constraint(name, path, 'Member must have length less than or equal to 255')
  if (!/^[a-zA-Z0-9_.-]+$/.test(name))
    throw constraint(name, path, 'Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+')
}
