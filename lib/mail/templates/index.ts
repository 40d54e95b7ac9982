import type { Template } from './letter'

/** The kinds of mail. Dynamic imports, because web servers should not load React Email. */
export const TEMPLATES = {
  welcome: async () => (await import('./welcome')).default,
  ticket: async () => (await import('./ticket')).default,
  forget: async () => (await import('./forget')).default,
  invitation: async () => (await import('./invitation')).default, // orders
} satisfies Record<string, () => Promise<Template>>

export type EmailKind = keyof typeof TEMPLATES

type Slot<Kind extends EmailKind> = NonNullable<
  Awaited<ReturnType<(typeof TEMPLATES)[Kind]>>['slots']
>[number]

/** The last argument of `queueEmail`: a value for each slot of the template, if it has any. */
export type EmailData<Kind extends EmailKind> = [Slot<Kind>] extends [never]
  ? []
  : [data: Record<Slot<Kind>, string>]
