'use client'

import { useEffect } from 'react'
import { callServer } from '../site/call-server'

/** Confirms the mailbox with the token that the mail's link has after the `#`. */
export function ConfirmMailbox() {
  useEffect(() => {
    const link = window.location.hash.slice(1)
    // An anchor of the page has no dot.
    if (!link.includes('.')) return
    // Next's state stays, or Back to this entry would show nothing.
    window.history.replaceState(window.history.state, '', window.location.pathname)
    // Errors are ignored: the next link from a mail confirms it.
    void callServer('POST', '/api/tickets/confirm', { link })
  }, [])
  return null
}
