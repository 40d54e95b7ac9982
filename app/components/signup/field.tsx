import type { ComponentProps } from 'react'

type Props = ComponentProps<'input'> & {
  name: string
  label: string
  errors: string[] | undefined
}

/** A labelled input. It reserves room for its error, so that an error does not move the page. */
export function Field({ label, errors, children, ...input }: Props) {
  const errorId = `${input.name}-error`
  return (
    <div>
      <label htmlFor={input.name} className="text-lg font-medium">
        {label}
      </label>
      <input
        {...input}
        id={input.name}
        aria-invalid={errors ? true : undefined}
        aria-describedby={errors ? errorId : undefined}
        className="mt-1 block w-full border-b-2 border-ink bg-transparent py-1.5 text-2xl outline-offset-2 placeholder:text-muted aria-invalid:border-bad"
      />
      <div className="min-h-9 pt-1.5 text-base">
        <p id={errorId} className="text-bad">
          {errors?.join(' ')}
        </p>
        {children}
      </div>
    </div>
  )
}
