import type { ReactNode } from 'react'

/** Words on the left, paper on the right; on a phone one below the other. */
export function Spread({ aside, children }: { aside: ReactNode; children: ReactNode }) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-x-16 gap-y-12 lg:grid-cols-[minmax(0,1fr)_27rem]">
      <div>{children}</div>
      <div>{aside}</div>
    </div>
  )
}
