import type { Problem } from '@/app/components/signup/send-signup'
import { TryAgain } from '@/app/components/site/try-again'

/** Why the server said no. The place for it is there before it is needed, or a screen reader would not notice. */
export function Refusal({ problem }: { problem: Problem | null | undefined }) {
  return (
    <div role="alert" className="text-lg">
      {problem && (
        <p className="pt-4">
          <strong className="block font-semibold text-bad">{problem.title}</strong> {problem.detail}
          <TryAgain at={problem.retryAt} />
        </p>
      )}
    </div>
  )
}
