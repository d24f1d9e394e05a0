/**
 * Begins to count the CPU seconds that this process takes; what is returned tells how many so far. Other work on the machine
 * makes the same run longer by the wall's clock, and leaves these nearly as they are.
 */
export function countCpuSeconds(): () => number {
  const began = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(began)
    return (user + system) / 1e6
  }
}
