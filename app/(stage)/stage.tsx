import { headers } from 'next/headers'
import type { ReactNode } from 'react'
import { inSandbox } from '@/lib/env'
import { mayUseSandbox } from './_lib/presenter'
import { RoomCode } from './room-code'
import { SandboxContext } from './sandbox'
import { StageMode } from './stage-mode'

/** Adds the stage's script and context to every page. The script marks the document before React starts. */
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
