import { headers } from 'next/headers'
import { mayUseSandbox } from './_lib/presenter'
import { NavLink } from './nav-link'

export async function StageNav() {
  const forPresenter = mayUseSandbox(await headers())
  return (
    <nav aria-label="Main" className="flex gap-x-4 sm:gap-x-6">
      <NavLink href="/learn">Learn</NavLink>
      {forPresenter && (
        <>
          <NavLink href="/race">Race</NavLink>
          <NavLink href="/backstage">Backstage</NavLink>
          <NavLink href="/inbox">Inbox</NavLink>
        </>
      )}
    </nav>
  )
}
