import { Installation } from './support/installation.ts'

const benches = ['lambda', 'import', 'core', 'decode', 'embedded', 'worker', 'fleet', 'transactions', 'postgres']

const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => !benches.includes(name))
if (unknown !== undefined) {
  console.error(`there is no benchmark '${unknown}'; the names are ${benches.join(', ')}`)
  process.exit(2)
}

const installation = new Installation()
try {
  await installation.translate([...benches, 'contestants/tidemark', 'contestants/powertools'])
  for (const name of wanted.length > 0 ? wanted : benches) installation.run(name)
} finally {
  installation.remove()
}
