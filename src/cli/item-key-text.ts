import { fit } from './screen.ts'

/** A lane's key for people: `customer=17, id=a` for what `encodeItemKey` made; any other text as it is. */
export function itemKeyText(laneKey: string): string {
  const attributes: string[] = []
  let rest = laneKey
  while (rest !== '') {
    const [, nameLength] = /^[SNB](\d+):/.exec(rest) ?? []
    if (nameLength === undefined) return laneKey
    const nameAt = nameLength.length + 2
    const name = rest.slice(nameAt, nameAt + Number(nameLength))
    const behind = rest.slice(nameAt + Number(nameLength))
    const [head = '', valueLength] = /^(\d+):/.exec(behind) ?? []
    if (valueLength === undefined) return laneKey
    const end = head.length + Number(valueLength)
    attributes.push(`${name}=${fit(behind.slice(head.length, end), 80)}`)
    rest = behind.slice(end)
  }
  return attributes.join(', ')
}

/** An error in one line of bearable length. */
export function errorText(error: unknown): string {
  return fit(error instanceof Error ? `${error.name}: ${error.message}` : `threw ${String(error)}`, 300)
}
