import { inSandbox } from '@/lib/env'
import { NavLink } from './nav-link'

export function StageNav() {
  return (
    <nav aria-label="Main" className="flex gap-x-6">
      <NavLink href="/learn">Learn</NavLink>
      {inSandbox() && (
        <>
          <NavLink href="/race">Race</NavLink>
          <NavLink href="/backstage">Backstage</NavLink>
          <NavLink href="/inbox">Inbox</NavLink>
        </>
      )}
    </nav>
  )
}
