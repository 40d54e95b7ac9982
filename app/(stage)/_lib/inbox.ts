import { Resend } from 'resend'
import { z } from 'zod'
import { prisma } from '@/lib/db/prisma'
import { env } from '@/lib/env'
import type { Email } from '@/lib/generated/prisma/client'

/** A mail as the local stand-in for Resend shows it. */
type Mail = {
  /** Resend's id. */
  id: string
  to: string
  subject: string
  at: string
}

export type MailWithContent = Mail & { html: string; text: string }

/** A mail in the list with its email record. Mails of the race have no record, and invitations have no name. */
export type ListedMail = Mail & { name?: string; email?: Pick<Email, 'id' | 'kind' | 'status'> }

const PER_PAGE = 50

/**
 * Lists the sent mails, newest first, 50 a page.
 * @param page counts from 1
 * @throws when Resend does not answer
 */
export async function listMails(page: number): Promise<{ mails: ListedMail[]; more: boolean }> {
  const { data, error } = await openResend().emails.list()
  if (error) throw new Error(`Resend: ${error.message}`)
  const all = data.data.map(toMail).sort((a, b) => b.at.localeCompare(a.at))
  const mails = all.slice((page - 1) * PER_PAGE, page * PER_PAGE)
  const emails = await prisma().email.findMany({
    where: { providerId: { in: mails.map(({ id }) => id) } },
    include: { user: true },
  })
  return {
    mails: mails.map((mail) => {
      const email = emails.find(({ providerId }) => providerId === mail.id)
      return { ...mail, email, name: email?.recipient === null ? email.user.name : undefined }
    }),
    more: all.length > page * PER_PAGE,
  }
}

/** One mail by Resend's id, or null. @throws when Resend does not answer */
export async function readMail(id: string): Promise<MailWithContent | null> {
  const { data, error } = await openResend().emails.get(id)
  if (error && error.name !== 'not_found') throw new Error(`Resend: ${error.message}`)
  return data && { ...toMail(data), html: data.html ?? '', text: data.text ?? '' }
}

/** The mail that was sent for an email record, or null while there is none. */
export async function readMailOf(emailId: string): Promise<MailWithContent | null> {
  if (!z.guid().safeParse(emailId).success) return null
  const email = await prisma().email.findUnique({ where: { id: emailId } })
  return email?.providerId ? await readMail(email.providerId) : null
}

function openResend(): Resend {
  return new Resend(env('SANDBOX_KEY'), { baseUrl: env('RESEND_BASE_URL') })
}

function toMail(mail: { id: string; to: string[]; subject: string; created_at: string }): Mail {
  return { id: mail.id, to: mail.to.join(', '), subject: mail.subject, at: mail.created_at }
}
