import { renderForget } from './forget'
import { renderInvitation } from './invitation' // orders
import type { Template } from './letter'
import { renderTicket } from './ticket'
import { renderWelcome } from './welcome'

export const TEMPLATES = {
  welcome: renderWelcome,
  ticket: renderTicket,
  forget: renderForget,
  invitation: renderInvitation, // orders
} satisfies Record<string, () => Promise<Template>>

export type EmailKind = keyof typeof TEMPLATES
