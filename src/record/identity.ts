import { createHash } from 'node:crypto'

/**
 * The idempotency key of an identity within a consumer: 132 bits of SHA-256 as 22 characters of base64url. Stable over
 * retries, hosts, redrives and releases; changing how it is made would make every consumer forget what it has done.
 */
export function idempotencyKeyOf(consumer: string, identity: string): string {
  // A consumer's name has no line break, so no two pairs give one text.
  return createHash('sha256').update(`${consumer}\n${identity}`).digest('base64url').slice(0, 22)
}
