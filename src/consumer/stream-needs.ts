import { ConfigurationError } from '../errors.ts'
import type { ResolvedOptions } from './resolve-options.ts'

/**
 * Throws a `ConfigurationError` when a stream of this view type lacks what the consumer's patterns or schemas need: that is
 * nobody's record's fault, and no record may be blamed for it.
 */
export function assertCarried(
  { needs, name }: Pick<ResolvedOptions, 'needs' | 'name'>,
  viewType: string | undefined,
  tableName: string,
): void {
  if (needs.size === 0 || viewType === 'NEW_AND_OLD_IMAGES') return
  for (const [part, wantedBy] of needs) {
    if (part === 'keys' || carries(viewType, part)) continue
    throw new ConfigurationError(
      `consumer '${name}' needs the ${part} (${wantedBy}), but the stream of table '${tableName}' is ${viewType}: ` +
        `give the table a stream that carries it, or drop the need`,
    )
  }
}

function carries(viewType: string | undefined, part: 'newImage' | 'oldImage'): boolean {
  // A view type nobody knows (or none) is for the decoder to judge, record by record.
  if (viewType === 'KEYS_ONLY') return false
  return viewType !== (part === 'newImage' ? 'OLD_IMAGE' : 'NEW_IMAGE')
}
