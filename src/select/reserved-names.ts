/**
 * Names that the engine behind Lambda's filters (aws/event-ruler) refuses inside `$or`: there it could not tell
 * `{ $or: [{ prefix: 'a' }, …] }`, which means nothing, from an attribute of that name.
 */
export const reservedInAlternatives: ReadonlySet<string> = new Set([
  'exactly',
  'equals-ignore-case',
  'prefix',
  'suffix',
  'anything-but',
  'exists',
  'wildcard',
  'numeric',
  'cidr',
  '=',
  '<',
  '<=',
  '>',
  '>=',
  'regex',
  'not-wildcard',
  'not-equals-ignore-case',
  'date-after',
  'date-on-or-after',
  'date-before',
  'date-on-or-before',
  'in-date-range',
  'ip-address-in-range',
  'ip-address-not-in-range',
])
