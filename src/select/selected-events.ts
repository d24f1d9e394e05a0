import type { EventName } from '../record/record.ts'

/**
 * The events that a select lets through, as far as its type tells: the names it lists literally under `eventName`. Where
 * it lists none, or uses a matcher such as `{ prefix: 'IN' }`, all three.
 */
export type SelectedEvents<Selected> = Selected extends readonly (infer Pattern)[]
  ? EventsOf<Pattern>
  : EventsOf<Selected>

type EventsOf<Pattern> = Pattern extends unknown ? NamedEvents<Pattern> & AlternativeEvents<Pattern> : never

type NamedEvents<Pattern> = Pattern extends { readonly eventName: readonly (infer Matcher)[] }
  ? MatchedEvents<Matcher>
  : EventName

type AlternativeEvents<Pattern> = Pattern extends { readonly $or: readonly (infer Alternative)[] }
  ? EventsOf<Alternative>
  : EventName

type MatchedEvents<Matcher> = Matcher extends number | boolean | null
  ? never
  : Matcher extends string
    ? Extract<EventName, Matcher>
    : EventName
