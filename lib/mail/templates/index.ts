import type { Template } from './letter'

export const TEMPLATES = {
  welcome: async () => (await import('./welcome')).renderWelcome(),
  ticket: async () => (await import('./ticket')).renderTicket(),
  forget: async () => (await import('./forget')).renderForget(),
  invitation: async () => (await import('./invitation')).renderInvitation(), // orders
} satisfies Record<string, () => Promise<Template>>

export type EmailKind = keyof typeof TEMPLATES
