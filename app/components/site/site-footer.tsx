/** The same as in package.json. */
const SOURCE_URL = 'https://github.com/behind-the-scenes/behind-the-scenes'

export function SiteFooter() {
  return (
    <footer className="mx-auto flex w-full max-w-304 flex-wrap gap-x-8 px-5 pb-4 text-sm text-muted sm:px-10">
      <a href={SOURCE_URL} className="link">
        Source code
      </a>
      <a href={`${SOURCE_URL}/blob/main/docs/faults.md`} className="link">
        What can go wrong, and what happens then
      </a>
    </footer>
  )
}
