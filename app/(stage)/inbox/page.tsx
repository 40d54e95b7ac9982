import type { Metadata } from 'next'
import { headers } from 'next/headers'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { type ListedMail, listMails } from '@/app/(stage)/_lib/inbox'
import { mayUseSandbox } from '@/app/(stage)/_lib/presenter'
import { formatOrder, formatTime } from '@/app/components/site/figures'
import { Headline } from '@/app/components/site/headline'
import { STATUS } from '@/app/components/ticket/words'

export const metadata: Metadata = { title: 'Inbox', robots: { index: false } }

export default async function InboxPage({ searchParams }: PageProps<'/inbox'>) {
  if (!mayUseSandbox(await headers())) notFound()
  const page = Math.max(1, Math.trunc(Number((await searchParams).page)) || 1)
  const { mails, more } = await listMails(page)

  return (
    <>
      <Headline>Inbox</Headline>
      <p className="mt-5 text-xl text-muted">
        {mails.length > 0 ? 'Mail that the sandbox kept instead of sending it.' : <Empty page={page} />}
      </p>
      {mails.length > 0 && (
        <ul className="mt-10 divide-y divide-line border-y border-line">
          {mails.map((mail) => (
            <Row key={mail.id} mail={mail} />
          ))}
        </ul>
      )}
      <nav aria-label="Pages" className="mt-6 flex justify-between text-lg">
        {page > 1 && (
          <Link href={`/inbox?page=${page - 1}`} className="link">
            Newer mail
          </Link>
        )}
        {more && (
          <Link href={`/inbox?page=${page + 1}`} className="link ml-auto">
            Older mail
          </Link>
        )}
      </nav>
    </>
  )
}

function Row({ mail: { id, to, subject, at, email } }: { mail: ListedMail }) {
  return (
    <li className="grid items-baseline gap-x-8 gap-y-1 py-5 text-lg sm:grid-cols-[minmax(0,1fr)_minmax(0,1fr)_auto_7rem_auto]">
      <Link href={`/inbox/${id}`} className="truncate font-semibold underline-offset-4 hover:underline">
        {to}
      </Link>
      <span className="truncate">{subject}</span>
      <span className="font-mono">
        {email?.kind === 'welcome' && (
          <Link href={`/tickets/${email.id}`} prefetch={false} className="link">
            No. {formatOrder(email.id)}
          </Link>
        )}
      </span>
      <span className="font-mono">{email && STATUS[email.status].line}</span>
      <time dateTime={at} className="text-muted tabular-nums">
        {formatTime(at)}
      </time>
    </li>
  )
}

function Empty({ page }: { page: number }) {
  return (
    <>
      {page === 1 ? 'No mail yet.' : 'No older mail.'}{' '}
      <Link href="/" className="link text-ink">
        Sign somebody up
      </Link>
    </>
  )
}
