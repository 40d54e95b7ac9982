import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { isDisowned, readNotMe } from '@/lib/account/not-me'
import { readSnapshot } from '@/lib/live/snapshot'
import { Forgotten } from './forgotten'
import { NotMe } from './not-me'

// Opening the page changes nothing, because mail programs open links to check them.
export const metadata: Metadata = {
  title: 'This wasn’t me',
  robots: { index: false },
  referrer: 'no-referrer',
}

export default async function NotMePage({ params }: PageProps<'/not-me/[link]'>) {
  const { link } = await params
  const id = readNotMe(link)
  if (!id) notFound()
  const snapshot = await readSnapshot(id)
  if (!snapshot || (await isDisowned(id))) return <Forgotten />
  return <NotMe link={link} initial={snapshot} />
}
