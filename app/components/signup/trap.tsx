/** A field for programs that fill in whatever there is. People, screen readers and password managers never meet it. */
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
