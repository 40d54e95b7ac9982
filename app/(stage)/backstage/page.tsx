import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { notFound } from 'next/navigation'
import { mayGoBackstage } from '@/app/(stage)/_lib/guard'
import { inSandbox } from '@/lib/env'
import { Backstage } from './backstage'

export const metadata: Metadata = {
  title: 'Backstage',
  description: 'What the audience never sees: every background job on its way, live.',
  robots: { index: false },
}

export default async function BackstagePage() {
  if (!(await mayGoBackstage(await headers()))) notFound()
  return <Backstage sandbox={inSandbox()} />
}
