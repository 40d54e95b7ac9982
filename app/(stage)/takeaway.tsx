/** The message to remember. The welcome mail ends with it, too. */
export function Takeaway({ className = '' }: { className?: string }) {
  return (
    <p className={`font-bold text-balance ${className}`}>
      Say “got it” at once. <span className="inline-block">Do the slow work behind the scenes.</span>
    </p>
  )
}
