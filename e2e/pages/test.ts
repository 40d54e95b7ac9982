import { test as base } from '../test'

/** A test whose pages belong to an installation that it may slow down and break. */
export const test = base.extend({
  baseURL: async ({ stack }, use) => use(stack.appUrl),
})
