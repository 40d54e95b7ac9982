import Link from 'next/link'

export function SiteHeader({ sandbox }: { sandbox: boolean }) {
  return (
    <header className="mx-auto flex w-full max-w-304 items-center justify-between px-5 py-5 sm:px-10">
      <Link href="/" className="-my-2 py-2 text-lg font-semibold tracking-tight">
        Behind the Scenes
      </Link>
      {sandbox && (
        <nav aria-label="Main">
          <Link
            href="/inbox"
            prefetch={false}
            className="-my-2 py-2 text-lg underline-offset-4 hover:underline"
          >
            Inbox
          </Link>
        </nav>
      )}
    </header>
  )
}
