type Props<Value extends string> = {
  legend: string
  name: string
  options: Record<Value, string>
  value: Value
  disabled: boolean
  onChange(value: Value): void
}

/** Two radio buttons that look like a switch. */
export function Choices<Value extends string>({
  legend,
  name,
  options,
  value,
  disabled,
  onChange,
}: Props<Value>) {
  return (
    <fieldset disabled={disabled}>
      <legend className="sr-only">{legend}</legend>
      <div className="flex h-full border-2 border-line">
        {(Object.entries(options) as [Value, string][]).map(([option, label]) => (
          <label
            key={option}
            className="flex flex-1 cursor-pointer items-center justify-center gap-2 px-2 py-3 text-base font-semibold sm:px-3 sm:text-lg lg:max-xl:text-base stage:px-2 stage:py-2 stage:text-base whitespace-nowrap text-muted has-checked:text-ink has-disabled:cursor-default has-focus-visible:outline-3 has-focus-visible:outline-offset-4 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name={name}
              value={option}
              checked={value === option}
              onChange={() => onChange(option)}
              className="size-4 shrink-0 appearance-none rounded-full border-2 border-current outline-none checked:border-[5px]"
            />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
