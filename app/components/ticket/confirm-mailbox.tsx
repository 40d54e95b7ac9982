'use client'

import { useEffect } from 'react'
import { callServer } from '../site/call-server'

/** Tells the server that somebody came from the mail: its link has a token after the `#`. */
export function ConfirmMailbox() {
  useEffect(() => {
    const link = window.location.hash.slice(1)
    if (!TOKEN.test(link)) return
    window.history.replaceState(null, '', window.location.pathname)
    // Should it fail, the next link does it.
    void callServer('POST', '/api/tickets/confirm', { link })
  }, [])
  return null
}

const TOKEN = /^[\w-]+\.\d+\.[\w-]+$/
