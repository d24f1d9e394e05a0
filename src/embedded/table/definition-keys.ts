import {
  choiceField,
  type Fields,
  listField,
  missing,
  requiredStructure,
  structureField,
  structuresField,
  textField,
  textsField,
} from '../fields.ts'
import { validationError } from '../service-error.ts'
import type { KeyAttribute, KeyType, TypedKey } from './key.ts'
import { assertName } from './names.ts'
import type { IndexDefinition, Projection } from './secondary-index.ts'

/** The types of the attributes that a table's keys are made of. */
export type AttributeTypes = ReadonlyMap<string, KeyType>

const invalid = 'One or more parameter values were invalid:'
const limits = { global: 20, local: 5 } as const

/** Reads a `KeySchema`; `path` says where, for messages. */
export function readKeySchema(fields: Fields, types: AttributeTypes, path: string): TypedKey {
  const elements = structuresField(fields, 'KeySchema')
  const [hash, range] = elements
  if (hash === undefined || elements.length > 2) throw missing(`${path}keySchema`)
  if (path === '' && elements.length > types.size)
    throw validationError('Invalid KeySchema: Some index key attribute have no definition')
  const names = elements.map((element) => textField(element, 'AttributeName') ?? '')
  const keyTypes = elements.map((element) => choiceField(element, 'KeyType', ['HASH', 'RANGE']))
  if (names[0] === names[1])
    throw validationError('Both the Hash Key and the Range Key element in the KeySchema have the same name')
  if (keyTypes[0] !== 'HASH')
    throw validationError('Invalid KeySchema: The first KeySchemaElement is not a HASH key type')
  if (range !== undefined && keyTypes[1] !== 'RANGE')
    throw validationError('Invalid KeySchema: The second KeySchemaElement is not a RANGE key type')
  const [hashKey, rangeKey] = names.map((name) => typed(name, names, types))
  if (hashKey === undefined) throw missing(`${path}keySchema`)
  return { hash: hashKey, range: rangeKey }
}

function typed(name: string, names: readonly string[], types: AttributeTypes): KeyAttribute {
  const type = types.get(name)
  if (type !== undefined) return { name, type }
  throw validationError(
    `${invalid} Some index key attributes are not defined in AttributeDefinitions. Keys: [${names.join(', ')}], AttributeDefinitions: [${[...types.keys()].join(', ')}]`,
  )
}

/** Reads both kinds of indexes of a CreateTable request. */
export function readIndexes(fields: Fields, types: AttributeTypes, primary: TypedKey): readonly IndexDefinition[] {
  const local = readList(fields, 'LocalSecondaryIndexes', (index) => readLocalIndex(index, types, primary))
  const global = readList(fields, 'GlobalSecondaryIndexes', (index) => readGlobalIndex(index, types))
  if (local.length > limits.local)
    throw validationError(`${invalid} Number of LocalSecondaryIndexes exceeds per-table limit of ${limits.local}`)
  if (global.length > limits.global)
    throw validationError(`${invalid} GlobalSecondaryIndex count exceeds the per-table limit of ${limits.global}`)
  const indexes = [...local, ...global]
  const repeated = indexes.find(({ name }, at) => indexes.findIndex((other) => other.name === name) !== at)
  if (repeated !== undefined) throw validationError(`${invalid} Duplicate index name: ${repeated.name}`)
  return indexes
}

function readList<Read>(fields: Fields, name: string, read: (index: Fields) => Read): readonly Read[] {
  if (listField(fields, name)?.length === 0) throw validationError(`${invalid} List of ${name} is empty`)
  return structuresField(fields, name).map(read)
}

export function readGlobalIndex(fields: Fields, types: AttributeTypes): IndexDefinition {
  const name = readIndexName(fields)
  const key = readKeySchema(fields, types, 'globalSecondaryIndexes.1.member.')
  return { name, scope: 'global', key, projection: readProjection(fields) }
}

function readLocalIndex(fields: Fields, types: AttributeTypes, primary: TypedKey): IndexDefinition {
  const name = readIndexName(fields)
  if (primary.range === undefined)
    throw validationError(
      `${invalid} Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex`,
    )
  const key = readKeySchema(fields, types, 'localSecondaryIndexes.1.member.')
  if (key.range === undefined)
    throw validationError(`${invalid} Index KeySchema does not have a range key for index: ${name}`)
  if (key.hash.name !== primary.hash.name)
    throw validationError(
      `${invalid} Index KeySchema does not have the same leading hash key as table KeySchema for index: ${name}. index hash key: ${key.hash.name}, table hash key: ${primary.hash.name}`,
    )
  return { name, scope: 'local', key, projection: readProjection(fields) }
}

function readIndexName(fields: Fields): string {
  const name = textField(fields, 'IndexName')
  if (name === undefined) throw missing('indexName')
  assertName(name, 'indexName')
  return name
}

function readProjection(fields: Fields): Projection {
  if (structureField(fields, 'Projection') === undefined) throw missing('projection')
  const given = requiredStructure(fields, 'Projection')
  const type = choiceField(given, 'ProjectionType', ['ALL', 'INCLUDE', 'KEYS_ONLY'])
  if (type === undefined) throw validationError(`${invalid} Unknown ProjectionType: null`)
  const include = textsField(given, 'NonKeyAttributes')
  if (include !== undefined && type !== 'INCLUDE')
    throw validationError(`${invalid} ProjectionType is ${type}, but NonKeyAttributes is specified`)
  if (include === undefined && type === 'INCLUDE')
    throw validationError(`${invalid} ProjectionType is INCLUDE, but NonKeyAttributes is not specified`)
  return { type, include: include ?? [] }
}
