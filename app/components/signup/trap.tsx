/** A honeypot: bots fill in every field. People, screen readers and password managers never see this one. */
export function Trap() {
  return (
    <div className="hidden" aria-hidden="true">
      <label htmlFor="website">Leave this empty</label>
      <input
        id="website"
        name="website"
        tabIndex={-1}
        autoComplete="off"
        data-1p-ignore
        data-bwignore
        data-lpignore="true"
      />
    </div>
  )
}
