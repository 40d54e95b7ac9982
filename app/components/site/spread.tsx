import type { ReactNode } from 'react'

type Props = {
  aside: ReactNode
  children: ReactNode
  /** True when the paper is the main content. */
  starring?: boolean
}

/** Text on the left and paper on the right. On a phone, the paper is below. */
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
