/** What the programs need to know of a table to make keys and queries for it. */
export interface TableShape {
  readonly name: TableName
  readonly hash: KeyPart
  readonly range?: KeyPart
  readonly indexes: readonly IndexShape[]
  readonly viewType: string
}

export interface IndexShape {
  readonly name: string
  readonly scope: 'Global' | 'Local'
  readonly hash: KeyPart
  readonly range?: KeyPart
  readonly projection: { readonly ProjectionType: string; readonly NonKeyAttributes?: readonly string[] }
}

export interface KeyPart {
  readonly name: string
  readonly type: 'S' | 'N' | 'B'
}

export type TableName = 'plain' | 'ranged' | 'binary' | 'sparse'

const pk = (type: KeyPart['type']): KeyPart => ({ name: 'pk', type })
const sk = (type: KeyPart['type']): KeyPart => ({ name: 'sk', type })

/** Between them: each type of key, each kind of index and projection, each view of a stream. */
export const tables: { readonly [Name in TableName]: TableShape } = {
  plain: { name: 'plain', hash: pk('S'), indexes: [], viewType: 'NEW_AND_OLD_IMAGES' },
  ranged: {
    name: 'ranged',
    hash: pk('S'),
    range: sk('N'),
    indexes: [
      {
        name: 'by-kind',
        scope: 'Global',
        hash: { name: 'kind', type: 'S' },
        range: sk('N'),
        projection: { ProjectionType: 'KEYS_ONLY' },
      },
      {
        name: 'by-title',
        scope: 'Local',
        hash: pk('S'),
        range: { name: 'title', type: 'S' },
        projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
    viewType: 'NEW_IMAGE',
  },
  binary: {
    name: 'binary',
    hash: pk('N'),
    range: sk('B'),
    indexes: [
      {
        name: 'by-s',
        scope: 'Global',
        hash: { name: 's', type: 'S' },
        range: { name: 'n', type: 'N' },
        projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['a', 'm'] },
      },
      { name: 'by-b', scope: 'Global', hash: { name: 'b', type: 'B' }, projection: { ProjectionType: 'ALL' } },
    ],
    viewType: 'OLD_IMAGE',
  },
  sparse: { name: 'sparse', hash: pk('B'), range: sk('S'), indexes: [], viewType: 'KEYS_ONLY' },
}

export function isTableName(name: string): name is TableName {
  return Object.hasOwn(tables, name)
}

/** The input of CreateTable. */
export function definitionOf(shape: TableShape, tableName: string): object {
  const parts = [shape, ...shape.indexes].flatMap(keyParts)
  const types = new Map(parts.map(({ name, type }) => [name, type]))
  const indexes = (scope: IndexShape['scope']) => {
    const found = shape.indexes.filter((index) => index.scope === scope)
    return found.length === 0 ? {} : { [`${scope}SecondaryIndexes`]: found.map(describeIndex) }
  }
  return {
    TableName: tableName,
    AttributeDefinitions: Array.from(types, ([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    KeySchema: schemaOf(shape),
    BillingMode: 'PAY_PER_REQUEST',
    StreamSpecification: { StreamEnabled: true, StreamViewType: shape.viewType },
    ...indexes('Global'),
    ...indexes('Local'),
  }
}

type Keyed = Pick<TableShape, 'hash' | 'range'>

export function keyParts({ hash, range }: Keyed): readonly KeyPart[] {
  return range === undefined ? [hash] : [hash, range]
}

function schemaOf(keyed: Keyed): object[] {
  return keyParts(keyed).map(({ name }, at) => ({ AttributeName: name, KeyType: at === 0 ? 'HASH' : 'RANGE' }))
}

function describeIndex(index: IndexShape): object {
  return { IndexName: index.name, KeySchema: schemaOf(index), Projection: index.projection }
}
