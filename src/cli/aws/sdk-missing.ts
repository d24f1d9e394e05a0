import { withPackage } from '../package-missing.ts'

/** Loads a part of the command that needs the AWS SDK, which is the user's to install; says so when it is not there. */
export function withSdk<Module>(load: Promise<Module>): Promise<Module> {
  const needs = "the AWS SDK's clients: npm i @aws-sdk/client-dynamodb @aws-sdk/client-dynamodb-streams"
  return withPackage(load, { prefix: '@aws-sdk/', needs })
}
