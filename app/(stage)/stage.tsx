import { headers } from 'next/headers'
import type { ReactNode } from 'react'
import { inSandbox } from '@/lib/env'
import { mayUseSandbox } from './_lib/presenter'
import { RoomCode } from './room-code'
import { SandboxContext } from './sandbox'
import { StageMode } from './stage-mode'

/** What the stage adds to every page. It marks the document before React sees it. */
export async function Stage({ children }: { children: ReactNode }) {
  const asked = await headers()
  return (
    <>
      <StageMode nonce={asked.get('x-nonce') ?? undefined} />
      <SandboxContext value={{ here: inSandbox(), open: mayUseSandbox(asked) }}>{children}</SandboxContext>
      <RoomCode headers={asked} />
    </>
  )
}
