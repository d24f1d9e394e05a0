import { allOf, anyOf } from './combine.ts'
import { matchElements, type Goal, type Match } from './match-elements.ts'
import type { Condition, Conjunction } from './parse-pattern.ts'
import { hasScalar, isList, someScalar, valueAt } from './values.ts'

/** Compiles conditions that have to hold together into one function of a record, which never throws. */
export function matchConditions(conditions: Conjunction): Match {
  return matchGoals(conditions.map(toGoal))
}

function toGoal({ path, matchers }: Condition): Goal {
  const test = anyOf(matchers.map(({ matches }) => matches))
  const absence = matchers.some((matcher) => matcher.absence)
  if (!absence) return { path, absence, match: (value) => someScalar(value, test) }
  return { path, absence, match: (value) => someScalar(value, test) || !hasScalar(value) }
}

function matchGoals(goals: readonly Goal[]): Match {
  const here = goals.filter(({ path }) => path.length === 0).map(({ match }) => match)
  const below = goals.filter(({ path }) => path.length > 0)
  return allOf(below.length === 0 ? here : [...here, matchBelow(below)])
}

function matchBelow(goals: readonly Goal[]): Match {
  const names = new Set(goals.flatMap(({ path }) => path.slice(0, 1)))
  const matchObject = allOf([...names].map((name) => matchName(name, goals)))
  const matchList = matchElements(goals, matchObject)
  return (value) => (isList(value) ? matchList(value) : matchObject(value))
}

function matchName(name: string, goals: readonly Goal[]): Match {
  const own = goals.filter(({ path }) => path[0] === name).map((goal) => ({ ...goal, path: goal.path.slice(1) }))
  const match = matchGoals(own)
  return (value) => match(valueAt(value, name))
}
