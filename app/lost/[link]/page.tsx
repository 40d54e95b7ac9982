import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { judgeLink } from '@/lib/account/lost-ticket'
import { OpenTicket } from './open-ticket'
import { Over } from './over'

// Opening the page changes nothing, because mail programs open links to check them.
export const metadata: Metadata = {
  title: 'Open your ticket',
  robots: { index: false },
  referrer: 'no-referrer',
}

export default async function LostTicketPage({ params }: PageProps<'/lost/[link]'>) {
  const { link } = await params
  const state = await judgeLink(link)
  if (!state) notFound()
  return state === 'good' ? <OpenTicket link={link} /> : <Over />
}
