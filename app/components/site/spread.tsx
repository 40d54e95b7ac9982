import type { ReactNode } from 'react'

type Props = {
  aside: ReactNode
  children: ReactNode
  /** The paper is what the page is about. */
  starring?: boolean
}

/** Words on the left, paper on the right; on a phone one below the other. */
export function Spread({ aside, children, starring = false }: Props) {
  return (
    <div
      className={`spread grid grid-cols-[minmax(0,1fr)] gap-x-16 gap-y-12 lg:grid-cols-[minmax(0,1fr)_27rem] ${starring ? 'starring' : ''}`}
    >
      <div>{children}</div>
      <div>{aside}</div>
    </div>
  )
}
