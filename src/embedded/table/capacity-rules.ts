// AWS's published rules of read and write units, for whoever counts them: the engine and the meter of other clients.

/** Units of a strongly consistent read. A missing item has size 0 and is charged like a small one. */
export function readUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / 4096))
}

/** Units of a write. A missing item has size 0 and is charged like a small one. */
export function writeUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / 1024))
}

/** What a read's units are multiplied by. */
export function consistency(strong: boolean | undefined): number {
  return strong === true ? 1 : 0.5
}

/** What the units of a transaction are multiplied by: each item is prepared and then read or written. */
export const transactionFactor = 2
