import type { Problem } from '@/app/components/signup/send-signup'
import { TryAgain } from '@/app/components/site/try-again'

/** The element exists before the error: otherwise a screen reader would not announce it. */
export function Refusal({ problem }: { problem: Problem | null | undefined }) {
  return (
    <div role="alert" className="text-lg">
      {problem && (
        <p className="pt-4">
          <strong className="block font-semibold text-bad">{problem.title}</strong>{' '}
          <span>{problem.detail}</span>
          <TryAgain at={problem.retryAt} />
        </p>
      )}
    </div>
  )
}
