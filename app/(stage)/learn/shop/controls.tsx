import type { ReactNode } from 'react'

const CELL =
  'flex min-h-16 stage:min-h-12 w-full items-center border-2 px-3 text-base leading-5 font-semibold sm:px-4 sm:text-lg sm:leading-6 stage:leading-5'
const DISABLED =
  'aria-disabled:cursor-default aria-disabled:border-line aria-disabled:bg-transparent aria-disabled:text-muted'

type PressProps = { primary?: boolean; disabled?: boolean; onPress: () => void; children: ReactNode }

export function Press({ primary = false, disabled = false, onPress, children }: PressProps) {
  const look = primary
    ? 'border-ink bg-ink text-paper hover:underline hover:decoration-2 hover:underline-offset-4'
    : 'border-ink hover:bg-ink hover:text-paper'
  return (
    <button
      type="button"
      aria-disabled={disabled}
      onClick={() => !disabled && onPress()}
      className={`${CELL} ${look} ${DISABLED} cursor-pointer justify-center`}
    >
      {children}
    </button>
  )
}

type SliderProps = {
  label: string
  value: number
  max: number
  disabled: boolean
  onChange: (value: number) => void
}

export function Slider({ label, value, max, disabled, onChange }: SliderProps) {
  return (
    <label className={`${CELL} flex-wrap content-center gap-x-4 border-line`}>
      <span className="whitespace-nowrap">
        {label}: <span className="tabular-nums">{value}</span>
      </span>
      <input
        type="range"
        aria-label={label}
        min={1}
        max={max}
        value={value}
        disabled={disabled}
        onChange={({ target }) => onChange(target.valueAsNumber)}
        className="min-w-0 flex-1 basis-24 cursor-pointer accent-accent"
      />
    </label>
  )
}

type SwitchProps = { label: string; checked: boolean; disabled: boolean; onChange: (on: boolean) => void }

export function Switch({ label, checked, disabled, onChange }: SwitchProps) {
  return (
    <label className={`${CELL} cursor-pointer gap-3 border-line has-checked:border-ink`}>
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={({ target }) => onChange(target.checked)}
        className="size-6 shrink-0 accent-accent"
      />
      {label}
    </label>
  )
}

/** Reserves the room of a control that appears later, so that the page does not move. */
export function Later({ shown, children }: { shown: boolean; children: ReactNode }) {
  if (shown) return children
  return <div className="min-h-16 stage:min-h-12" />
}
