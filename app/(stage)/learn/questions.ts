type Option = { text: string; feedback: string; right?: true }
export type Question = { text: string; options: Option[] }

export const QUESTIONS: Question[] = [
  {
    text: 'A worker is busy with a job of yours. What about the page you are on?',
    options: [
      {
        text: 'It is frozen until the job is done.',
        feedback:
          'That is what background jobs are there to prevent: the page had its answer before the work began.',
      },
      {
        text: 'It works as always.',
        feedback:
          'The answer came first, the work is done elsewhere. The page may still show how far it is, as the ticket does.',
        right: true,
      },
      {
        text: 'It has to stay open, or the job stops.',
        feedback:
          'The job is written down in the database. Close the page, even the computer: the worker doesn’t notice.',
      },
    ],
  },
  {
    text: 'What is the queue?',
    options: [
      {
        text: 'The people who wait for a page.',
        feedback: 'No person stands in this line. Jobs wait in it, so that people need not.',
      },
      {
        text: 'The program that does the slow work.',
        feedback: 'That is the worker. The queue only keeps the jobs; the worker takes them from it.',
      },
      {
        text: 'A list of work to do, written down so that none of it is forgotten.',
        feedback:
          'It is the rail with the orders. Here it is a table in the database, so even a power cut loses nothing.',
        right: true,
      },
    ],
  },
  {
    text: 'Which of these belongs in a background job?',
    options: [
      {
        text: 'Making a PDF of last year’s orders.',
        feedback:
          'It takes long, and the user need not watch. Say “we are on it”, and send a message when the file is ready.',
        right: true,
      },
      {
        text: 'Checking a password at login.',
        feedback:
          'The user can’t go on before the result is there. A job would only make them look at a spinner.',
      },
      {
        text: 'Adding up the three things in a basket.',
        feedback: 'That takes less time than writing it into a queue. Do it on the spot.',
      },
    ],
  },
]
