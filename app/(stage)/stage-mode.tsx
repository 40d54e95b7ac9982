/**
 * Stage mode: larger type and fewer details, for a projector. `?stage` in the URL or Alt+Shift+S switches it on and off
 * (`?stage=off` as well). It lasts for a day in this browser. Its styles are in stage.css and in classes `stage:…`.
 */
export function StageMode({ nonce }: { nonce?: string }) {
  // Inline, because an external script would run after the first paint.
  // biome-ignore lint/security/noDangerouslySetInnerHtml: our own source, without any input.
  return <script nonce={nonce} dangerouslySetInnerHTML={{ __html: `(${keepStage})()` }} />
}

/** Runs in the browser as text, so it can use nothing from this module. */
function keepStage(): void {
  const root = document.documentElement

  function setStage(on: boolean): void {
    root.toggleAttribute('data-stage', on)
    try {
      localStorage.setItem('stage', on ? `${Date.now()}` : '')
    } catch {
      // The browser blocks storage, so stage mode ends with this page.
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
    // `code`, because with Alt the letter in `key` depends on the system.
    if (event.code !== 'KeyS' || !event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey) return
    const typing = event.target instanceof Element && event.target.matches('input, textarea, select')
    if (event.repeat || typing) return
    event.preventDefault()
    setStage(!root.hasAttribute('data-stage'))
  })
}
