import type { Turns } from './scheduler.ts'
import type { Violation } from './violation.ts'
import type { WorldProfile } from './profile.ts'
import { World } from './world.ts'

/** What came of one seed. */
export interface RunResult {
  readonly seed: string
  readonly profile: WorldProfile
  readonly violations: readonly Violation[]
  readonly marks: ReadonlySet<string>
  readonly eventCount: number
  readonly virtualMs: number
  readonly hash: () => string
  readonly timeline: () => readonly string[]
}

/** A kind of world: what its seeds draw, and how it goes. */
export interface WorldKind<Profile extends WorldProfile, OwnMark extends string> {
  readonly draw: (seed: string) => Profile
  /** Plays the world to its end; what it finds it tells the world. */
  readonly play: (world: World<Profile, OwnMark>) => Promise<void>
  /** All that has to happen now and then. */
  readonly marks: readonly string[]
}

/** Worlds of one kind, with a change of what their seeds draw: to look at one thing closely. */
export interface Scenario {
  readonly name: string
  readonly marks: readonly string[]
  readonly run: (seed: string, turns: Turns) => Promise<RunResult>
}

export function scenarioOf<Profile extends WorldProfile, OwnMark extends string>(
  kind: WorldKind<Profile, OwnMark>,
  name: string,
  change: (drawn: Profile) => Profile = (drawn) => drawn,
): Scenario {
  const run = async (seed: string, turns: Turns): Promise<RunResult> => {
    const world = new World<Profile, OwnMark>(seed, change(kind.draw(seed)), turns)
    await kind.play(world)
    return resultOf(seed, world)
  }
  return { name, marks: kind.marks, run }
}

function resultOf(seed: string, world: World<WorldProfile, string>): RunResult {
  const { profile, violations, marks, scheduler, trace } = world
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
