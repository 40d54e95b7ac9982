import { Code, type Excerpt, SourceCode } from './source-code'

/** The signup and the task as most tutorials have them. */
const SIGNUP = `def handle_user_signup(username, email):
    save_user_to_database(username, email)
    # Fire and forget
    send_welcome_email.delay(email)
    return {"status": "Account created!"}`

const TASK = `@app.task
def send_welcome_email(email_address):
    # This runs in the background
    time.sleep(3)
    return "Sent"`

/** The same signup with Celery and here, side by side, and then its task. */
export function Celery({ enqueue, work }: { enqueue: Excerpt; work: Excerpt }) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-x-6 gap-y-10 lg:grid-cols-[25rem_minmax(0,1fr)]">
      <Code title="signup.py, with Celery" code={SIGNUP} mark=".delay(" />
      <SourceCode {...enqueue} mark="enqueue" />
      <Code title="tasks.py, with Celery" code={TASK} mark="def send_welcome_email" />
      <SourceCode {...work} mark="function sendEmail" />
    </div>
  )
}
