/** What the command's exit status says: the same for every command, so that scripts need to know one table. */
export const exitCodes = {
  /** Done, or nothing is wrong. */
  ok: 0,
  /** It failed, was refused, or found what it looks for to be wrong. */
  failed: 1,
  /** The command line is wrong; nothing was done. */
  usage: 2,
  /** Stopped at once by a second Ctrl+C or SIGTERM. */
  stopped: 130,
} as const

/** The table at the end of every help. */
export const exitCodesText = `Exit codes: 0 done, 1 failed, refused or found to be wrong, 2 the command line
is wrong and nothing was done, 130 stopped at once by a second signal.`
