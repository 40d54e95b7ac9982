import { useSandbox } from './sandbox'

type Props = { count: number; onMade: (addresses: string[]) => void }

/** A button for demonstrations. */
export function MakeUpFriends({ count, onMade }: Props) {
  if (!useSandbox().here) return null
  return (
    <button
      type="button"
      onClick={() => onMade(makeUpFriends(count))}
      className="link cursor-pointer text-xl font-semibold"
    >
      {`Make up ${count === 1 ? '1 friend' : `${count} friends`}`}
    </button>
  )
}

const NAMES = ['ada', 'grace', 'alan', 'edsger', 'barbara', 'donald', 'frances', 'ken', 'radia', 'linus']

/** Makes up addresses at Resend's test mailboxes. One in forty bounces. */
function makeUpFriends(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const fate = index % 40 === 17 ? 'bounced' : 'delivered'
    const label = Math.random().toString(36).slice(2, 8)
    return `${fate}+${NAMES[index % NAMES.length]}-${label}@resend.dev`
  })
}
