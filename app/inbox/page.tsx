import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { formatTime } from '@/app/components/figures'
import { Headline } from '@/app/components/headline'
import { inSandbox } from '@/lib/env'
import { listMails } from '@/lib/inbox'

export const metadata: Metadata = { title: 'Inbox', robots: { index: false } }

export default async function InboxPage() {
  if (!inSandbox()) notFound()
  const mails = await listMails()

  return (
    <>
      <Headline>Inbox</Headline>
      {mails.length === 0 && (
        <p className="mt-8 text-xl text-muted">
          Nothing here yet.{' '}
          <Link href="/" className="text-ink underline underline-offset-4">
            Sign somebody up
          </Link>{' '}
          and the email comes here.
        </p>
      )}
      <ul className="mt-10 border-b border-line">
        {mails.map((mail) => (
          <li key={mail.id} className="border-t border-line">
            <Link
              href={`/inbox/${mail.emailId ?? mail.id}`}
              className="grid gap-x-8 gap-y-1 py-5 text-lg hover:bg-ink/5 sm:grid-cols-[1fr_1fr_auto] sm:px-3"
            >
              <span className="truncate font-semibold">{mail.to}</span>
              <span className="truncate">{mail.subject}</span>
              <time dateTime={mail.at} className="text-muted tabular-nums">
                {formatTime(mail.at)}
              </time>
            </Link>
          </li>
        ))}
      </ul>
    </>
  )
}
