import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { inSandbox } from '@/lib/env'
import { Race } from './race'

export const metadata: Metadata = {
  title: 'The race',
  description: 'The same signup twice: with the mail sent inside the request, and by a background job.',
}

export default function RacePage() {
  if (!inSandbox()) notFound()
  return <Race />
}
