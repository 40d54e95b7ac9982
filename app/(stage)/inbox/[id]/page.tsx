import type { Metadata } from 'next'
import { headers } from 'next/headers'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { readMail, readMailOf } from '@/app/(stage)/_lib/inbox'
import { mayUseSandbox } from '@/app/(stage)/_lib/presenter'
import { formatTime } from '@/app/components/site/figures'
import { Headline } from '@/app/components/site/headline'
import { MailFrame } from './mail-frame'

export const metadata: Metadata = { title: 'Mail', robots: { index: false } }

/** One mail, by the id of the email record or by Resend's id. */
export default async function MailPage({ params, searchParams }: PageProps<'/inbox/[id]'>) {
  if (!mayUseSandbox(await headers())) notFound()
  const { id } = await params
  const mail = (await readMailOf(id)) ?? (await readMail(id))
  if (!mail) return <NotYet />

  const asText = (await searchParams).as === 'text'
  return (
    <article>
      <BackToInbox />
      <h1 className="mt-6 text-4xl font-bold text-balance wrap-anywhere sm:text-5xl">{mail.subject}</h1>
      <p className="mt-4 flex flex-wrap gap-x-6 text-lg text-muted">
        <span className="break-all">To {mail.to}</span>
        <time dateTime={mail.at}>{formatTime(mail.at)}</time>
      </p>
      <nav aria-label="Ways to read this mail" className="mt-8 flex gap-6 text-lg">
        <Way href={`/inbox/${id}`} current={!asText}>
          As HTML
        </Way>
        <Way href={`/inbox/${id}?as=text`} current={asText}>
          As text
        </Way>
      </nav>
      <div className="sheet mt-4 border border-line bg-sheet">
        {asText ? (
          <pre className="overflow-x-auto p-6 font-mono text-base wrap-anywhere whitespace-pre-wrap sm:p-10">
            {mail.text}
          </pre>
        ) : (
          <MailFrame html={mail.html} title={mail.subject} />
        )}
      </div>
    </article>
  )
}

function Way({ href, current, children }: { href: string; current: boolean; children: string }) {
  return (
    <Link
      href={href}
      aria-current={current ? 'page' : undefined}
      scroll={false}
      className="border-b-2 border-transparent py-1.5 text-muted hover:text-ink aria-[current]:border-ink aria-[current]:font-semibold aria-[current]:text-ink"
    >
      {children}
    </Link>
  )
}

function NotYet() {
  return (
    <>
      <BackToInbox />
      <div className="mt-6">
        <Headline news="is not here.">This mail</Headline>
      </div>
      <p className="mt-6 max-w-lg text-xl text-muted">
        The mail service hasn’t accepted it yet, or has been restarted and has forgotten it: the sandbox keeps
        mail in memory only.
      </p>
    </>
  )
}

function BackToInbox() {
  return (
    <Link href="/inbox" className="link text-lg">
      All mail
    </Link>
  )
}
