import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { listMails } from '@/app/(stage)/_lib/inbox'
import { formatTime } from '@/app/components/site/figures'
import { Headline } from '@/app/components/site/headline'
import { inSandbox } from '@/lib/sandbox'

export const metadata: Metadata = { title: 'Inbox', robots: { index: false } }

export default async function InboxPage() {
  if (!inSandbox()) notFound()
  const mails = await listMails()

  return (
    <>
      <Headline>Inbox</Headline>
      <p className="mt-5 text-xl text-muted">
        {mails.length > 0 ? 'Mail that the sandbox kept instead of sending it.' : <Empty />}
      </p>
      {mails.length > 0 && (
        <ul className="mt-10 divide-y divide-line border-y border-line">
          {mails.map((mail) => (
            <li key={mail.id}>
              <Link
                href={`/inbox/${mail.id}`}
                className="grid gap-x-8 gap-y-1 py-5 text-lg hover:underline underline-offset-4 sm:grid-cols-[1fr_1fr_auto]"
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
      )}
    </>
  )
}

function Empty() {
  return (
    <>
      No mail yet.{' '}
      <Link href="/" className="link text-ink">
        Sign somebody up
      </Link>
    </>
  )
}
