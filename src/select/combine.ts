/** A function that passes what at least one of `tests` passes. */
export function anyOf<Value>(tests: readonly ((value: Value) => boolean)[]): (value: Value) => boolean {
  const [only] = tests
  return only !== undefined && tests.length === 1 ? only : (value) => tests.some((test) => test(value))
}

/** A function that passes what all of `tests` pass. */
export function allOf<Value>(tests: readonly ((value: Value) => boolean)[]): (value: Value) => boolean {
  const [only] = tests
  return only !== undefined && tests.length === 1 ? only : (value) => tests.every((test) => test(value))
}
