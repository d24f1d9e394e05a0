import { loadSimulation } from './bundle.ts'
import { runEnsemble, type EnsembleOptions } from './ensemble.ts'

// A part of an ensemble in a process of its own, which ends with the one that started it.
process.once('disconnect', () => process.exit())
// Errors are made by the thousand in there, and nobody looks where.
Error.stackTraceLimit = 0
const options = JSON.parse(process.argv[2] ?? '') as EnsembleOptions
const ensemble = await runEnsemble(await loadSimulation(), options)
process.send?.(ensemble)
