// Loops, for these run for every record: with `some` and `every` a pattern takes about a third longer.

/** A function that passes what at least one of `tests` passes. */
export function anyOf<Value>(tests: readonly ((value: Value) => boolean)[]): (value: Value) => boolean {
  const [only] = tests
  if (only !== undefined && tests.length === 1) return only
  return (value) => {
    for (const test of tests) if (test(value)) return true
    return false
  }
}

/** A function that passes what all of `tests` pass. */
export function allOf<Value>(tests: readonly ((value: Value) => boolean)[]): (value: Value) => boolean {
  const [only] = tests
  if (only !== undefined && tests.length === 1) return only
  return (value) => {
    for (const test of tests) if (!test(value)) return false
    return true
  }
}
