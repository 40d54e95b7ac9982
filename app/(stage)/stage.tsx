import type { ReactNode } from 'react'
import { inSandbox } from '@/app/(stage)/_lib/in-sandbox'
import { SandboxContext } from './sandbox'
import { StageMode } from './stage-mode'

/** What the stage adds to every page. It marks the document before React sees it. */
export function Stage({ children }: { children: ReactNode }) {
  return (
    <>
      <StageMode />
      <SandboxContext value={inSandbox()}>{children}</SandboxContext>
    </>
  )
}
