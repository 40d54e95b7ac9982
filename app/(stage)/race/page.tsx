import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { notFound } from 'next/navigation'
import { mayUseSandbox } from '@/app/(stage)/_lib/presenter'
import { Race } from './race'

export const metadata: Metadata = {
  title: 'The race',
  description: 'The same signup twice: with the mail sent inside the request, and by a background job.',
}

export default async function RacePage() {
  if (!mayUseSandbox(await headers())) notFound()
  return <Race />
}
