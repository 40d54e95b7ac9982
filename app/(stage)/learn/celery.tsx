import { Code, type Excerpt, SourceCode } from './source-code'

/** The signup as most tutorials have it. */
const TUTORIAL = `def handle_user_signup(username, email):
    save_user_to_database(username, email)
    # Fire and forget
    send_welcome_email.delay(email)
    return {"status": "Account created!"}`

/** The same signup with Celery and here, side by side. */
export function Celery({ enqueue }: { enqueue: Excerpt }) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-x-6 gap-y-10 lg:grid-cols-[25rem_minmax(0,1fr)]">
      <Code title="signup.py, with Celery" code={TUTORIAL} mark=".delay(" />
      <SourceCode {...enqueue} mark="enqueue" />
    </div>
  )
}
