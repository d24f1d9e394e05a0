import type { BuildOptions } from 'esbuild'

/** How esbuild is to treat everything here. */
export const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
  tsconfigRaw: {}, // ours sends `tidemark` to the sources
}
