type Props = {
  label: string
  value: number
  max: number
  /** A large number before the text. */
  figure?: number
  children: string
}

export function Progress({ label, value, max, figure, children }: Props) {
  return (
    <div>
      <p className="min-h-15 text-xl font-medium tabular-nums sm:text-2xl">
        {figure !== undefined && (
          <strong className="mr-1 text-6xl leading-none font-semibold tracking-[-0.05em]">{figure}</strong>
        )}
        <span>{` ${children}`}</span>
      </p>
      <progress aria-label={label} value={value} max={max} className="mt-4 bar" />
    </div>
  )
}
