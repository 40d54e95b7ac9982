import type { Metadata } from 'next'
import Link from 'next/link'
import { Takeaway } from '@/app/(stage)/takeaway'
import { Headline } from '@/app/components/site/headline'
import { inSandbox } from '@/lib/env'
import { Celery } from './celery'
import { Choices } from './choices'
import { CoffeeShop } from './coffee-shop'
import { FiveSteps } from './five-steps'
import { Menu } from './menu'
import { Quiz } from './quiz'
import { Section } from './section'
import { Play } from './shop/play'
import { type Excerpt, SourceCode } from './source-code'
import { Waiting } from './waiting'

/** next.config.mjs defines it at build time. */
declare const LESSON_EXCERPTS: string
const excerpts: { steps: Excerpt[]; enqueue: Excerpt; work: Excerpt } = JSON.parse(LESSON_EXCERPTS)

export const metadata: Metadata = {
  title: 'Learn',
  description:
    'What a background job is, told in a coffee shop: why waiting hurts, the five steps of every job with a real one to watch, and when to use one.',
}

export default function LearnPage() {
  const sandbox = inSandbox()

  return (
    <article>
      <Headline news="The coffee comes.">
        <span className="inline-block">You order.</span> <span className="inline-block">You sit.</span>
      </Headline>
      <p className="mt-6 mb-10 max-w-5xl text-xl leading-8 text-pretty sm:text-2xl sm:leading-9 text-muted">
        That is a background job. Here you see why apps need them and how they work, and you send one of your
        own on its way. If you program, you find our code beside the story.
      </p>
      <CoffeeShop />

      <Section title="What a coffee shop knows">
        <p>
          A shop that made each coffee while its customer blocked the till would have a line down the street.
          So it splits the work. In front, a cashier takes the order and the money and gives you a ticket,
          within seconds. In the back, the orders hang on a rail. The next free barista takes the next order.
        </p>
        <p>
          An app can do the same.{' '}
          <strong>A background job is work that is promised now and done a little later</strong>, while you do
          something else. You sign up, and “Account created!” comes with your ticket. The job is your order.
          The queue is the rail, and a worker is a barista. The welcome email is the coffee.
        </p>
      </Section>

      <Section title="Nobody likes to wait" figure={<Waiting />}>
        <p>
          A page that does not answer looks broken. People press the button once more, or leave. Often they
          wait for something that can come later: they wanted an account, and the mail can follow.
        </p>
      </Section>

      <Section title="Many things at once" figure={<Play />}>
        <p>
          This is the back of the shop, to play with. Each order becomes a job: a welcome mail to send. The
          customer gets a ticket and sits down, and the job hangs on the rail until a worker takes it. See
          what happens when too many come at once, and what helps.
        </p>
      </Section>

      <Section
        title="Follow a job of your own"
        figure={
          <FiveSteps
            sandbox={sandbox}
            code={excerpts.steps.map((excerpt) => (
              <SourceCode key={`${excerpt.file}:${excerpt.line}`} {...excerpt} />
            ))}
          />
        }
      >
        <p>
          Every background job takes the same five steps.{' '}
          {sandbox
            ? 'Press the button: it signs up a reader who does not exist, with a real account, a real job and a real worker, and prints when each step was reached.'
            : 'Sign up, and your own ticket prints when each step was reached.'}{' '}
          Beside each step stand the lines of this app that do it.
        </p>
      </Section>

      <Section
        title="If you come from Celery"
        figure={<Celery enqueue={excerpts.enqueue} work={excerpts.work} />}
      >
        <p>
          There, <code className="font-mono font-semibold">.delay()</code> hands the task to a broker that
          knows nothing of your transaction. Here, the job is a row in the transaction{' '}
          <code className="font-mono font-semibold">tx</code>:{' '}
          <strong>it exists exactly when the user does</strong>, whatever fails in between. The task is a file
          of its own, too. It gets an id instead of the address.
        </p>
      </Section>

      <Section title="When to use one, and when not" figure={<Choices />}>
        <p>
          A queue is one more thing to run and to watch. It pays when waiting would hurt, and it costs when it
          would not.
        </p>
      </Section>

      <Section title="Seven more jobs" figure={<Menu />}>
        <p>Most apps get them sooner or later. Here is how long each takes, and what to look out for.</p>
      </Section>

      <Section title="Three questions" figure={<Quiz />}>
        <p>They show you what stayed. Every answer is explained, the wrong ones too.</p>
      </Section>

      <Takeaway className="mt-20 border-t-4 border-ink pt-8 text-4xl leading-tight sm:text-5xl" />
      <p className="mt-6 text-2xl">
        That was the lesson.{' '}
        <Link href="/" className="link font-semibold">
          Go to the signup
        </Link>
      </p>
    </article>
  )
}
