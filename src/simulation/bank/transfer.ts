import type { Change } from '../history.ts'

/** Money that goes from one account to another. */
export interface Transfer {
  readonly from: string
  readonly to: string
  readonly amount: number
}

/** What a change does: the same for everybody who looks at it. */
export function transferOf({ eventId }: Change, accountCount: number): Transfer {
  const draw = hash(eventId)
  const from = draw % accountCount
  const to = (from + 1 + (Math.floor(draw / 64) % (accountCount - 1))) % accountCount
  return { from: accountNamed(from), to: accountNamed(to), amount: 1 + (Math.floor(draw / 4_096) % 1_000) }
}

export function accountNamed(number: number): string {
  return `account-${number}`
}

function hash(text: string): number {
  let hashed = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) hashed = Math.imul(hashed ^ text.charCodeAt(index), 0x01000193)
  return (hashed ^ (hashed >>> 15)) >>> 0
}
