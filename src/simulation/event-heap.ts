/** Something that happens at a time. */
export interface TimedEvent {
  readonly at: number
  /** Decides between events of one time. */
  readonly tie: number
  readonly run: () => void
  cancelled: boolean
}

/** Events by time: a binary heap. What is cancelled stays in it until its turn. */
export class EventHeap {
  readonly #events: TimedEvent[] = []

  push(event: TimedEvent): void {
    const events = this.#events
    let place = events.length
    events.push(event)
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = events[parent]
      if (above === undefined || !isBefore(event, above)) break
      events[place] = above
      place = parent
    }
    events[place] = event
  }

  /** Takes the earliest event that is not cancelled. */
  pop(): TimedEvent | undefined {
    for (;;) {
      const event = this.#take()
      if (event === undefined || !event.cancelled) return event
    }
  }

  #take(): TimedEvent | undefined {
    const events = this.#events
    const [first] = events
    const last = events.pop()
    if (last !== undefined && events.length > 0) this.#sink(last)
    return first
  }

  #sink(event: TimedEvent): void {
    const events = this.#events
    let place = 0
    for (;;) {
      const child = this.#earlierChild(place)
      const below = events[child]
      if (below === undefined || !isBefore(below, event)) break
      events[place] = below
      place = child
    }
    events[place] = event
  }

  #earlierChild(place: number): number {
    const left = 2 * place + 1
    const [a, b] = [this.#events[left], this.#events[left + 1]]
    return a !== undefined && b !== undefined && isBefore(b, a) ? left + 1 : left
  }
}

function isBefore(a: TimedEvent, b: TimedEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.tie < b.tie)
}
