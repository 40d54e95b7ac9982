import type { ComponentProps, ReactNode } from 'react'
import { Headline } from '@/app/components/site/headline'

type Props = Pick<ComponentProps<typeof Headline>, 'news' | 'tone'> & { start: string; children: ReactNode }

/** A headline that is read out with its text. */
export function Answer({ start, news, tone, children }: Props) {
  return (
    <>
      <Headline news={news} tone={tone} describedBy="answer">
        {start}
      </Headline>
      <p id="answer" role="status" className="mt-6 max-w-xl text-xl text-pretty text-muted">
        {children}
      </p>
    </>
  )
}
