import { prisma } from '../db/prisma'

/** Lists a user's welcome mails. The first id is the ticket's id. */
export async function listTicketMails(emailId: string): Promise<string[]> {
  const emails = await prisma().email.findMany({
    where: { kind: 'welcome', user: { emails: { some: { id: emailId } } } },
    orderBy: { createdAt: 'asc' },
    select: { id: true },
  })
  return emails.map(({ id }) => id)
}
