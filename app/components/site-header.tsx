import Link from 'next/link'
import { NavLink } from './nav-link'

export function SiteHeader({ sandbox }: { sandbox: boolean }) {
  return (
    <header className="mx-auto flex w-full max-w-304 flex-wrap items-center justify-between gap-x-8 gap-y-4 px-5 py-5 text-lg sm:px-10 stage:py-2">
      <Link href="/" className="-my-2 py-2 font-semibold tracking-tight">
        Behind the Scenes
      </Link>
      <nav aria-label="Main" className="flex gap-x-6">
        <NavLink href="/learn">Learn</NavLink>
        {sandbox && (
          <>
            <NavLink href="/race">Race</NavLink>
            <NavLink href="/backstage">Backstage</NavLink>
            <NavLink href="/inbox">Inbox</NavLink>
          </>
        )}
      </nav>
    </header>
  )
}
