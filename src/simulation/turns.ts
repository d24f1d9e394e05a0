import type { Turns } from './scheduler.ts'

// One immediate a step would go through the whole event loop each time; Node drains microtasks between the immediates of
// one round as well, and that costs a tenth.
const stepsPerRound = 64

/** Steps in immediates. The simulation's only way to the machine's event loop. */
export const immediateTurns: Turns = (step) =>
  new Promise((resolve, reject) => {
    let ended = false
    const turn = () => {
      if (ended) return
      try {
        ended = step()
        if (ended) resolve()
      } catch (error) {
        ended = true
        reject(error)
      }
    }
    const round = () => {
      if (ended) return
      for (let count = 0; count < stepsPerRound; count += 1) setImmediate(turn)
      setImmediate(round)
    }
    round()
  })
