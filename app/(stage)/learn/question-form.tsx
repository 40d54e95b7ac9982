import { type SubmitEvent, useState } from 'react'
import type { Question } from './questions'

type Props = { question: Question; number: number; onCheck: (right: boolean) => void }

export function QuestionForm({ question, number, onCheck }: Props) {
  const [choice, setChoice] = useState<number>()
  const [checked, setChecked] = useState<number | 'nothing'>()
  const answer = typeof checked === 'number' ? question.options[checked] : undefined

  function check(event: SubmitEvent): void {
    event.preventDefault()
    setChecked(choice ?? 'nothing')
    if (choice !== undefined && choice !== checked) onCheck(question.options[choice]?.right ?? false)
  }

  return (
    <form onSubmit={check}>
      <fieldset>
        <legend className="text-2xl font-semibold tracking-tight text-pretty">
          <span className="font-mono text-muted">{number} </span>
          {question.text}
        </legend>
        <div className="mt-4 border-b border-line">
          {question.options.map(({ text }, index) => (
            <label
              key={text}
              className="flex cursor-pointer items-start gap-4 border-t border-line py-3.5 text-xl hover:text-accent has-checked:font-semibold"
            >
              <input
                type="radio"
                name={`question-${number}`}
                checked={choice === index}
                onChange={() => setChoice(index)}
                className="mt-1 size-5 shrink-0 accent-accent"
              />
              {text}
            </label>
          ))}
        </div>
      </fieldset>
      <div className="mt-5 flex flex-wrap items-start gap-x-6 gap-y-4">
        <button
          type="submit"
          className="cursor-pointer border-2 border-ink px-5 py-2.5 text-lg font-semibold hover:bg-ink hover:text-paper"
        >
          Check<span className="sr-only"> answer {number}</span>
        </button>
        <p role="status" className="flex-1 sm:min-h-14 basis-64 text-lg leading-7 text-pretty">
          {checked === 'nothing' && choice === undefined && <span>Choose an answer first.</span>}
          {answer && (
            <span>
              <strong className={`font-bold ${answer.right ? 'text-good' : 'text-bad'}`}>
                {answer.right ? 'Right.' : 'Not quite.'}
              </strong>{' '}
              <span>{answer.feedback}</span>
            </span>
          )}
        </p>
      </div>
    </form>
  )
}
