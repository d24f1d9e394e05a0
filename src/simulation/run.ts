import { LambdaWorld } from './lambda-world.ts'
import type { Mark } from './marks.ts'
import type { Violation } from './oracle.ts'
import { drawProfile, type Profile } from './profile.ts'
import type { Turns } from './scheduler.ts'
import { World } from './world.ts'

/** What came of one seed. */
export interface RunResult {
  readonly seed: string
  readonly profile: Profile
  readonly violations: readonly Violation[]
  readonly marks: ReadonlySet<Mark>
  readonly eventCount: number
  readonly virtualMs: number
  readonly hash: () => string
  readonly timeline: () => readonly string[]
}

/** Runs the world of one seed; what `change` gives stands in place of what the seed draws. */
export async function runSeed(
  seed: string,
  turns: Turns,
  change: (profile: Profile) => Profile = (drawn) => drawn,
): Promise<RunResult> {
  const profile = change(drawProfile(seed))
  const world = new World(seed, profile, turns)
  await new LambdaWorld(world).run()
  const { violations, marks, scheduler, trace } = world
  return {
    seed,
    profile,
    violations,
    marks,
    eventCount: scheduler.eventCount,
    virtualMs: scheduler.now,
    hash: () => trace.hash,
    timeline: () => trace.lines(),
  }
}
