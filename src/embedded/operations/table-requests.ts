import { constraint, type Fields } from '../fields.ts'
import { ServiceError } from '../service-error.ts'
import { tableNameOf } from '../table/names.ts'

/** What a batch asks of each table, by the table's name. */
export function tableRequests<Request>(
  asked: Fields,
  operation: string,
  read: (request: unknown) => Request | undefined,
): readonly (readonly [name: string, request: Request])[] {
  const entries = Object.entries(asked)
  if (entries.length === 0) throw constraint('{}', 'requestItems', 'Member must have length greater than or equal to 1')
  return entries.map(([given, value]) => {
    const request = read(value)
    if (request === undefined)
      throw new ServiceError('SerializationException', `Unexpected field type in the RequestItems of ${operation}`)
    return [tableNameOf({ TableName: given }), request]
  })
}
