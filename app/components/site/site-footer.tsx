import packageJson from '@/package.json'
import { type Repository, toSourceUrl } from './source-url'

const { repository }: { name: string; repository?: Repository } = packageJson

/** Links to the source code that package.json's `repository` names. Without a repository there is no footer. */
export function SiteFooter() {
  const source = toSourceUrl(repository)
  if (!source) return null
  return (
    <footer className="mx-auto flex w-full max-w-304 flex-wrap gap-x-8 px-5 pb-4 text-sm text-muted sm:px-10">
      <a href={source} className="link">
        Source code
      </a>
      <a href={`${source}/blob/HEAD/docs/faults.md`} className="link">
        What can go wrong, and what happens then
      </a>
    </footer>
  )
}
