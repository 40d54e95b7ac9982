/** What to remember. It also ends the welcome mail. */
export function Takeaway({ className = '' }: { className?: string }) {
  return (
    <p className={`font-bold text-balance ${className}`}>
      Say “got it” at once. <span className="inline-block">Do the slow work behind the scenes.</span>
    </p>
  )
}
