/** What a value can hold besides text, numbers and flags. */
export type Leaf = Uint8Array | Date

/** A copy of all objects and lists in `value`, in which `replace` stands for each binary value and each date. */
export function mapLeaves(value: unknown, replace: (leaf: Leaf) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array || value instanceof Date) return replace(value)
  if (Array.isArray(value)) return value.map((element) => mapLeaves(element, replace))
  const copy: { [name: string]: unknown } = {}
  for (const [name, field] of Object.entries(value)) {
    const mapped = mapLeaves(field, replace)
    if (name === '__proto__') Object.defineProperty(copy, name, { value: mapped, enumerable: true })
    else copy[name] = mapped
  }
  return copy
}

/** A copy that shares nothing that could be changed. */
export function copyOf<Value>(value: Value): Value {
  return mapLeaves(value, copyLeaf) as Value // the same shape, object by object
}

function copyLeaf(leaf: Leaf): Leaf {
  return leaf instanceof Date ? new Date(leaf) : Uint8Array.from(leaf)
}
