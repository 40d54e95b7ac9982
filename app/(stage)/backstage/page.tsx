import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { notFound } from 'next/navigation'
import { mayGoBackstage } from '@/app/(stage)/_lib/guard'
import { isPresenter, isShared } from '@/app/(stage)/_lib/presenter'
import { QrCode } from '@/app/(stage)/room-code'
import { env, inSandbox } from '@/lib/env'
import { Backstage } from './backstage'

export const metadata: Metadata = {
  title: 'Backstage',
  description: 'What the audience never sees: every background job on its way, live.',
  robots: { index: false },
}

export default async function BackstagePage() {
  const asked = await headers()
  if (!(await mayGoBackstage(asked))) notFound()
  const invitation = isShared() && isPresenter(asked) && (
    <aside aria-label="For late phones" className="flex items-center gap-4 stage:items-start">
      <p className="font-mono text-lg font-semibold">{env('APP_URL').replace('http://', '')}</p>
      <QrCode className="w-24" />
    </aside>
  )
  return <Backstage sandbox={inSandbox()} invitation={invitation} />
}
