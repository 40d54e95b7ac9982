'use client'

import { useEffect, useRef, useState } from 'react'

/** A mail in an empty sandbox: no scripts, no forms, no navigation out of the frame. */
export function MailFrame({ html, title }: { html: string; title: string }) {
  const ref = useRef<HTMLIFrameElement>(null)
  const [focused, setFocused] = useState(false)

  // No selector matches a frame of another origin that has the focus.
  useEffect(() => {
    const look = (): void => setFocused(document.activeElement === ref.current)
    window.addEventListener('blur', look)
    window.addEventListener('focus', look)
    return () => {
      window.removeEventListener('blur', look)
      window.removeEventListener('focus', look)
    }
  }, [])

  return (
    <iframe
      ref={ref}
      sandbox=""
      srcDoc={html}
      title={title}
      className={`block h-176 max-h-[80dvh] w-full outline-offset-4 outline-accent ${focused ? 'outline-3' : ''}`}
    />
  )
}
