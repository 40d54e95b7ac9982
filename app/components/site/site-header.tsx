import Link from 'next/link'
import { StageNav } from '@/app/(stage)/stage-nav' // stage

export function SiteHeader() {
  return (
    <header className="mx-auto flex w-full max-w-304 flex-wrap items-center justify-between gap-x-8 gap-y-4 px-5 py-5 text-lg sm:px-10">
      <Link href="/" className="-my-2 py-2 font-semibold tracking-tight">
        Behind the Scenes
      </Link>
      <StageNav /> {/* stage */}
    </header>
  )
}
