// The build puts the library in the place of this import (scripts/bundle.ts): users install no dependency of ours.
export { Argument, Command, CommanderError, Option } from 'commander'
