// The two ways to the machine's own time and randomness that oxlint's restricted globals and properties can't see: a
// `Date` made of nothing, and the functions of Node's modules. Everything that decides takes a Clock and a Random.
const modules = new Set(['node:timers', 'node:timers/promises', 'node:perf_hooks'])
const crypto = new Set([
  'default',
  'getRandomValues',
  'randomBytes',
  'randomFill',
  'randomFillSync',
  'randomInt',
  'randomUUID',
  'webcrypto',
])

const date = 'the time of now comes from a Clock: pass one in (src/internal/clock.ts)'
const timer = 'timers and clocks come from a Clock: pass one in (src/internal/clock.ts)'
const random = 'randomness comes from a Random: pass one in (src/internal/clock.ts)'

/** @param {{ report(problem: { node: unknown, message: string }): void }} context */
function create(context) {
  return {
    'NewExpression[callee.name="Date"][arguments.length=0]': (node) => context.report({ node, message: date }),
    'CallExpression[callee.name="Date"]': (node) => context.report({ node, message: date }),
    ImportExpression: (node) => {
      if (modules.has(node.source.value)) context.report({ node, message: timer })
      if (node.source.value === 'node:crypto') context.report({ node, message: random })
    },
    ImportDeclaration: (node) => {
      if (modules.has(node.source.value)) context.report({ node, message: timer })
      if (node.source.value !== 'node:crypto') return
      for (const specifier of node.specifiers) {
        const name = specifier.type === 'ImportSpecifier' ? specifier.imported.name : 'default'
        if (crypto.has(name)) context.report({ node: specifier, message: random })
      }
    },
  }
}

export default { meta: { name: 'tidemark' }, rules: { ambient: { create } } }
