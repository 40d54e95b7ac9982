'use client'

import { useEffect, useRef, useState } from 'react'
import { QuestionForm } from './question-form'
import { QUESTIONS } from './questions'
import { Score } from './score'

/** Three questions. Answers can be changed and checked again. The score counts the first answer to each. */
export function Quiz() {
  const listRef = useRef<HTMLOListElement>(null)
  const [round, setRound] = useState(1)
  // For each question, whether each checked answer was right, in order.
  const [checked, setChecked] = useState<boolean[][]>(() => QUESTIONS.map(() => []))
  const firstTries = checked.map((answers) => (answers.includes(true) ? answers[0] : undefined))

  function addAnswer(question: number, right: boolean): void {
    setChecked((earlier) =>
      earlier.map((answers, index) => (index === question ? [...answers, right] : answers)),
    )
  }

  function tryAgain(): void {
    setRound(round + 1)
    setChecked(QUESTIONS.map(() => []))
  }

  // A new round removes the focused button “Try again”.
  useEffect(() => {
    if (round > 1) listRef.current?.querySelector('input')?.focus()
  }, [round])

  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-x-16 gap-y-14 lg:grid-cols-[minmax(0,1fr)_27rem]">
      <ol ref={listRef} key={round} className="space-y-14">
        {QUESTIONS.map((question, index) => (
          <li key={question.text}>
            <QuestionForm
              question={question}
              number={index + 1}
              onCheck={(right) => addAnswer(index, right)}
            />
          </li>
        ))}
      </ol>
      <div>
        <Score firstTries={firstTries} onAgain={tryAgain} />
      </div>
    </div>
  )
}
