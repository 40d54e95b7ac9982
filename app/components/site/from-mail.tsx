import { type ReactNode, useSyncExternalStore } from 'react'
import { BrokenLink } from './broken-link'

/** A page for a link in a mail. Browsers do not send the token after the `#` to the server. */
export function FromMail({ children }: { children: (link: string) => ReactNode }) {
  const link = useSyncExternalStore(watchFragment, readFragment, () => undefined)
  if (link === undefined) return null
  return link ? children(link) : <BrokenLink />
}

let token = ''

// The skip link and other links within the page change the fragment, too.
function readFragment(): string {
  const fragment = window.location.hash.slice(1)
  if (!document.getElementById(fragment)) token = fragment
  return token
}

function watchFragment(onChange: () => void): () => void {
  window.addEventListener('hashchange', onChange)
  return () => window.removeEventListener('hashchange', onChange)
}
