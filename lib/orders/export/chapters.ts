import type { Transaction } from '../../db/prisma'
import type { Prisma } from '../../generated/prisma/client'
import { omitTokens } from '../../mail/links'
import type { Recipient } from '../../mail/message'
import { type EmailKind, TEMPLATES } from '../../mail/templates'
import type { Template } from '../../mail/templates/letter'

type Chapter = {
  name: string
  title: string
  /** Leaves out secrets and data of other users. */
  gather: (tx: Transaction, userId: string) => Promise<unknown>
}

const events = {
  select: { status: true, attempt: true, reason: true, retryAt: true, at: true },
  orderBy: [{ at: 'asc' }, { id: 'asc' }],
} satisfies Prisma.Email$eventsArgs

export const CHAPTERS: Chapter[] = [
  {
    name: 'account',
    title: 'your account',
    gather: (tx, id) =>
      tx.user.findUnique({ where: { id }, select: { name: true, email: true, createdAt: true } }),
  },
  {
    name: 'emails',
    title: 'emails to you',
    gather: async (tx, userId) => {
      const emails = await tx.email.findMany({
        where: { userId, recipient: null },
        include: { user: true },
        orderBy: { createdAt: 'asc' },
      })
      // A dynamic import, because web servers need only the titles.
      const { writeMessage } = await import('../../mail/message')
      return await Promise.all(
        emails.map(async (email) => {
          const { id, kind, status, createdAt } = email
          // Only another version of the app may know the kind.
          const isKnown = Object.hasOwn(TEMPLATES, kind)
          const { slots = [] }: Pick<Template, 'slots'> = isKnown ? await TEMPLATES[kind as EmailKind]() : {}
          // `data` is deleted when the outcome is certain.
          const isGone = !isKnown || (slots.length > 0 && email.data === null)
          // The browser that exports may not have access to the mailbox.
          const message = isGone ? null : omitTokens(await writeMessage(email as Recipient))
          return { id, kind, status, message, createdAt }
        }),
      )
    },
  },
  {
    name: 'timelines',
    title: 'their timelines',
    gather: (tx, userId) =>
      tx.email.findMany({
        where: { userId, recipient: null },
        select: { id: true, attempts: true, events },
        orderBy: { createdAt: 'asc' },
      }),
  },
  {
    name: 'invitations',
    title: 'your invitations',
    gather: (tx, userId) =>
      tx.email.findMany({
        where: { userId, recipient: { not: null } },
        select: { recipient: true, status: true, createdAt: true, events },
        orderBy: [{ createdAt: 'asc' }, { recipient: 'asc' }],
      }),
  },
  {
    name: 'exports',
    title: 'your exports',
    gather: (tx, userId) =>
      tx.export.findMany({
        where: { userId },
        select: { id: true, status: true, createdAt: true, expiresAt: true },
        orderBy: { createdAt: 'asc' },
      }),
  },
]
