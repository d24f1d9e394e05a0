import { choiceField, type Fields, flagField, missing, structureField } from '../fields.ts'
import { validationError } from '../service-error.ts'
import { keySchemaOf, type Store, type StreamViewType } from './store.ts'
import type { Table } from './table.ts'

const viewTypes = ['NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES', 'KEYS_ONLY'] as const
const invalid = 'Invalid StreamViewType:'

/** What a request says about the stream: `undefined` nothing, a view type of `undefined` that there is to be none. */
export function readStreamSpecification(fields: Fields): { readonly viewType: StreamViewType | undefined } | undefined {
  const given = structureField(fields, 'StreamSpecification')
  if (given === undefined) return undefined
  if ((given['StreamEnabled'] ?? undefined) === undefined) throw missing('streamSpecification.streamEnabled')
  const isEnabled = flagField(given, 'StreamEnabled')
  const viewType = choiceField(given, 'StreamViewType', viewTypes)
  if (isEnabled && viewType === undefined)
    throw validationError(`${invalid} Stream ViewType must not be null or empty when enabling streams.`)
  if (!isEnabled && viewType !== undefined)
    throw validationError(`${invalid} Stream StreamEnabled was false but a StreamViewType was present.`)
  return { viewType }
}

export function startStream(store: Store, table: Table, viewType: StreamViewType): void {
  if (table.stream?.viewType !== undefined)
    throw validationError(`Table already has an enabled stream: TableName: ${table.name}`)
  const key = keySchemaOf(table.definition.key)
  const { streamArn, streamLabel } = store.setting.streams.enable(table.name, key, viewType)
  table.stream = { arn: streamArn, label: streamLabel, viewType }
}

export function stopStream(store: Store, table: Table): void {
  if (table.stream?.viewType === undefined)
    throw validationError(`Table has no stream to disable: TableName: ${table.name}`)
  store.setting.streams.disable(table.name)
  table.stream = { ...table.stream, viewType: undefined }
}
