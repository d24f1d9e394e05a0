import { install, runTranslated, translate } from './support/installation.ts'

const benches = ['lambda', 'import', 'core', 'decode']

const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => !benches.includes(name))
if (unknown !== undefined) {
  console.error(`there is no benchmark '${unknown}'; the names are ${benches.join(', ')}`)
  process.exit(2)
}

install()
await translate([...benches, 'contestants/tidemark', 'contestants/powertools'])
for (const name of wanted.length > 0 ? wanted : benches) runTranslated(name)
