/** Whether it has to be awaited: a promise, or what passes for one. */
export function isThenable<Result>(value: Result | PromiseLike<Result>): value is PromiseLike<Result> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function'
}
