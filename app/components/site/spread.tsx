import type { ReactNode } from 'react'

type Props = {
  aside: ReactNode
  children: ReactNode
  /** On stage, the paper gets the width for itself. */
  starring?: boolean
}

const ON_STAGE = {
  shared: 'stage:grid-cols-[minmax(0,1fr)_25rem]',
  starring:
    'stage:grid-cols-1 stage:gap-y-5 stage:*:first:flex stage:*:first:items-baseline stage:*:first:justify-between',
}

/** Words on the left, paper on the right; on a phone one below the other. */
export function Spread({ aside, children, starring = false }: Props) {
  return (
    <div
      className={`grid grid-cols-[minmax(0,1fr)] gap-x-16 gap-y-12 lg:grid-cols-[minmax(0,1fr)_27rem] ${starring ? ON_STAGE.starring : ON_STAGE.shared}`}
    >
      <div>{children}</div>
      <div>{aside}</div>
    </div>
  )
}
