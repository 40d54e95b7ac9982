import { useEffect } from 'react'

/** Moves the focus to the new headline when the answer has replaced the focused button. */
export function useHeadlineFocus(answered: boolean): void {
  useEffect(() => {
    if (answered) document.querySelector('h1')?.focus({ preventScroll: true })
  }, [answered])
}
