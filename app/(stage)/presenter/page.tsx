import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { isShared } from '@/app/(stage)/_lib/presenter'
import { SignIn } from './sign-in'

export const metadata: Metadata = {
  title: 'The presenter',
  robots: { index: false },
  referrer: 'no-referrer',
}

/** The page behind the link in the terminal. */
export default function PresenterPage() {
  if (!isShared()) notFound()
  return <SignIn />
}
