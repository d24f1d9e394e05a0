#!/usr/bin/env node
import { main } from './cli/main.ts'

process.exitCode = await main(process.argv.slice(2))
// The user's module may have left something open (a pool, a timer) that would keep the process alive for ever.
setTimeout(() => process.exit(), 1_000).unref()
