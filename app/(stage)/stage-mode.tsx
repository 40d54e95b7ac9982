/**
 * Larger type and less around it, for a projector: `?stage` in the address, or Alt+Shift+S, and the same again (or
 * `?stage=off`) to leave. It lasts for a day in this browser, new tabs included. What it looks like is in stage.css, and in classes `stage:…`.
 */
export function StageMode({ nonce }: { nonce?: string }) {
  // In the document itself: a script that has to be fetched would come after the first paint.
  // biome-ignore lint/security/noDangerouslySetInnerHtml: our own source, and nothing from outside in it.
  return <script nonce={nonce} dangerouslySetInnerHTML={{ __html: `(${keepStage})()` }} />
}

/** Runs in the browser, as text: it can use nothing from outside itself. */
function keepStage(): void {
  const root = document.documentElement

  function setStage(on: boolean): void {
    root.toggleAttribute('data-stage', on)
    try {
      localStorage.setItem('stage', on ? `${Date.now()}` : '')
    } catch {
      // A browser that blocks storage forgets at the next page, and that is its owner's wish.
    }
  }

  function wasOn(): boolean {
    try {
      return Date.now() - Number(localStorage.getItem('stage')) < 86_400_000
    } catch {
      return false
    }
  }

  const asked = new URLSearchParams(location.search).get('stage')
  setStage(asked === null ? wasOn() : asked !== 'off')

  addEventListener('keydown', (event) => {
    // By its place on the keyboard: with Alt, the letter itself depends on the system.
    if (event.code !== 'KeyS' || !event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey) return
    const typing = event.target instanceof Element && event.target.matches('input, textarea, select')
    if (event.repeat || typing) return
    event.preventDefault()
    setStage(!root.hasAttribute('data-stage'))
  })
}
