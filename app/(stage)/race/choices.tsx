type Props<Value extends string> = {
  legend: string
  name: string
  options: Record<Value, string>
  value: Value
  disabled: boolean
  onChange(value: Value): void
}

/** One of two, as two radio buttons that look like one switch. */
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
      <div className="flex border-2 border-ink">
        {(Object.entries(options) as [Value, string][]).map(([option, label]) => (
          <label
            key={option}
            className="flex-1 cursor-pointer px-4 py-3 text-center text-lg font-semibold whitespace-nowrap has-checked:bg-ink has-checked:text-paper has-disabled:cursor-default has-focus-visible:outline-3 has-focus-visible:outline-offset-4 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name={name}
              value={option}
              checked={value === option}
              onChange={() => onChange(option)}
              className="sr-only"
            />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
