import { normalizeNumber } from '../decimal.ts'

/** One text for each member of a set, equal where the members are: what a look-up of members goes by. */
export const memberText = {
  SS: (member: string): string => member,
  NS: (member: string): string => normalizeNumber(member),
  BS: ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
    Buffer.from(buffer, byteOffset, byteLength).toString('latin1'),
} as const
