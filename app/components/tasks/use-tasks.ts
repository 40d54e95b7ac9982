import { useCallback, useEffect, useState } from 'react'
import type { Tasks } from '@/lib/tasks'
import type { Problem } from '../send-signup'
import { type Connection, watchEvents } from '../watch-events'
import { callTask } from './call-task'

type Live = {
  /** Undefined until the first answer. */
  tasks: Tasks | undefined
  problem: Problem | undefined
  /** Why nothing moves, if nothing does. */
  note: string | undefined
  /** Takes over what the server has just answered. */
  update: (part: Partial<Tasks>) => void
}

/** What the owner of a ticket has asked for, live while something is in flight. */
export function useTasks(ticketId: string, initial: Tasks | undefined): Live {
  const [tasks, setTasks] = useState(initial)
  const [problem, setProblem] = useState<Problem>()
  const [connection, setConnection] = useState<Connection>('live')
  const [stranded, setStranded] = useState(false)
  const asked = tasks !== undefined
  const final = tasks?.final ?? true

  useEffect(() => {
    if (asked) return
    void callTask<Tasks>(ticketId, 'GET', 'tasks').then((answer) => {
      if ('problem' in answer) setProblem(answer.problem)
      else setTasks(answer.data)
    })
  }, [ticketId, asked])

  // A browser keeps at most six streams per host: this one is open only while there is something to tell.
  useEffect(() => {
    if (final) return
    const listeners = {
      tasks: (next: Tasks) => {
        setTasks(next)
        setStranded(false)
      },
      workers: ({ workers }: { workers: number }) => setStranded(workers === 0),
    }
    return watchEvents(`/api/signups/${ticketId}/tasks/events`, listeners, setConnection)
  }, [ticketId, final])

  // The stream has the last word: it begins with the state of that moment.
  const update = useCallback((part: Partial<Tasks>) => {
    setTasks((current) => current && { ...current, ...part, final: false })
  }, [])

  return { tasks, problem, note: final ? undefined : explainSilence(connection, stranded), update }
}

function explainSilence(connection: Connection, stranded: boolean): string | undefined {
  if (connection === 'lost') return 'Connection lost, reconnecting.'
  if (stranded) return 'No worker is on duty. It goes on as soon as one starts.'
}
