'use client'

import { usePathname, useRouter } from 'next/navigation'
import { type ReactNode, useEffect, useState } from 'react'
import { MoreOrders } from '@/app/(orders)/more-orders' // orders
import type { FormPass } from '@/lib/protection/form-token'
import { Headline } from '../site/headline'
import { SITE } from '../site/name'
import { Spread } from '../site/spread'
import { BlankTicket } from '../ticket/blank-ticket'
import { SignedUp } from '../ticket/signed-up'
import type { Signup } from './send-signup'
import { SignupForm } from './signup-form'
import { rememberWaited } from './waited'

/** The page `/`: the form, and after a signup the ticket, under the ticket's URL. */
type Props = {
  pass: FormPass
  /** The text above the form that says what the form is for. */
  children: ReactNode
}

export function SignupFlow({ pass, children }: Props) {
  const pathname = usePathname()
  const router = useRouter()
  const [signups, setSignups] = useState<Signup[]>([])
  const current = signups.find(({ welcomeEmail }) => pathname === ticketPath(welcomeEmail.id))
  const forgotten = pathname !== '/' && !current

  function showTicket(signup: Signup): void {
    const path = ticketPath(signup.welcomeEmail.id)
    // Two clicks before the page was ready: the second answer is a replay of the first.
    if (window.location.pathname === path) return
    rememberWaited(path, signup.waitedMs)
    setSignups((earlier) => [...earlier, signup])
    // The page stays mounted. Back returns to the form, and a reload gets the ticket from the server.
    if (window.location.pathname === '/') window.history.pushState(null, '', path)
    // Back was pressed meanwhile: `pushState` would leave the page before, under the address of this ticket.
    else window.location.assign(path)
  }

  // Back from another page mounts this without the signup. The server renders its ticket.
  useEffect(() => {
    if (forgotten) router.replace(pathname)
  }, [forgotten, pathname, router])

  // Back from the ticket: Next does not know that its title was changed.
  useEffect(() => {
    if (pathname === '/') document.title = SITE
  }, [pathname])

  if (forgotten) return null
  if (current) {
    return (
      <SignedUp
        key={pathname}
        ticketId={current.welcomeEmail.id}
        initial={current.welcomeEmail}
        owner={current.user}
        waitedMs={current.waitedMs}
        fresh
      >
        <MoreOrders ticketId={current.welcomeEmail.id} /> {/* orders */}
      </SignedUp>
    )
  }
  return (
    <Spread aside={<BlankTicket />}>
      <Headline news="can wait.">
        Sign up. <br />
        The email
      </Headline>
      <p className="lead mt-5 max-w-lg text-xl text-pretty text-muted">{children}</p>
      <div className="mt-6 max-w-lg">
        <SignupForm pass={pass} onSignup={showTicket} />
      </div>
    </Spread>
  )
}

function ticketPath(id: string): string {
  return `/tickets/${id}`
}
