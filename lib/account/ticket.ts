import { prisma } from '../db/prisma'

/**
 * The mails that are printed on the ticket of a user, oldest first: the welcome, and one more for each address that they
 * have corrected. The id of the first is that of the ticket.
 * @param emailId the id of any mail of theirs
 * @throws when the database is unreachable.
 */
export async function listTicketMails(emailId: string): Promise<string[]> {
  const emails = await prisma().email.findMany({
    where: { kind: 'welcome', user: { emails: { some: { id: emailId } } } },
    orderBy: { createdAt: 'asc' },
    select: { id: true },
  })
  return emails.map(({ id }) => id)
}
