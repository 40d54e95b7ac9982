import { headers } from 'next/headers'
import type { ReactNode } from 'react'
import { inSandbox } from '@/lib/env'
import { SandboxContext } from './sandbox'
import { StageMode } from './stage-mode'

/** What the stage adds to every page. It marks the document before React sees it. */
export async function Stage({ children }: { children: ReactNode }) {
  const nonce = (await headers()).get('x-nonce') ?? undefined
  return (
    <>
      <StageMode nonce={nonce} />
      <SandboxContext value={inSandbox()}>{children}</SandboxContext>
    </>
  )
}
