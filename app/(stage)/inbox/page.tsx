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
        {mails.length > 0 ? 'All mail of this demonstration. No mail leaves it.' : <Empty page={page} />}
      </p>
      {mails.length > 0 && (
        <ul className="mt-10 grid grid-cols-[minmax(0,1fr)_auto] gap-x-6 divide-y divide-line border-y border-line sm:grid-cols-[minmax(0,1fr)_auto_auto] lg:grid-cols-[minmax(0,1fr)_7rem_11rem_auto] lg:gap-x-8">
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

function Row({ mail: { id, to, name, subject, at, email } }: { mail: ListedMail }) {
  return (
    <li className="col-span-full grid grid-cols-subgrid items-baseline gap-y-1 py-4 text-lg">
      <div className="col-span-full min-w-0 lg:col-span-1">
        <Link href={`/inbox/${id}`} className="group block truncate">
          <span className="font-semibold underline-offset-4 group-hover:underline">{name ?? to}</span>{' '}
          {name && <span className="ml-2 text-muted">{to}</span>}
        </Link>
        <p className="truncate">{subject}</p>
      </div>
      <span className="font-mono">{email ? STATUS[email.status].line : '\u00a0'}</span>
      <span className="font-mono">
        {email?.kind === 'welcome' && (
          <Link href={`/tickets/${email.id}`} prefetch={false} className="-my-2 link">
            Ticket {formatOrder(email.id)}
          </Link>
        )}
      </span>
      <time dateTime={at} className="text-muted tabular-nums max-sm:hidden">
        {formatTime(at)}
      </time>
    </li>
  )
}

function Empty({ page }: { page: number }) {
  return (
    <>
      <span>{page === 1 ? 'There is no mail yet.' : 'There is no older mail.'}</span>{' '}
      <Link href="/" className="link text-ink">
        Go to the signup
      </Link>
    </>
  )
}
