import { LedgerError } from '../../errors.ts'

/**
 * The object, as a proxy that stops working when it is revoked: for drivers whose transactions, used after their end, would
 * send their statements on a connection that is somebody else's by then.
 */
export function revocable<Target extends object>(
  target: Target,
): { readonly proxy: Target; readonly revoke: () => void } {
  let isRevoked = false
  const check = () => {
    if (!isRevoked) return
    throw new LedgerError('the transaction is over; a handler must not use it after its signal was aborted', {
      retryable: true,
    })
  }
  const proxy = new Proxy(target, {
    get(_target, name) {
      check()
      const value: unknown = Reflect.get(target, name, target)
      // Methods are called on the object itself: private fields know no proxy.
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
    apply(_target, self, parameters) {
      check()
      return Reflect.apply(target as unknown as (...all: unknown[]) => unknown, self, parameters)
    },
  })
  return { proxy, revoke: () => void (isRevoked = true) }
}
