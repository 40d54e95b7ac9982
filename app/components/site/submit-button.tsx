import type { ComponentProps, MouseEvent } from 'react'

type Props = ComponentProps<'button'> & { pending: boolean }

/** While `pending`, it ignores clicks. It is not `disabled`, because then it would lose the focus. */
export function SubmitButton({ pending, ...props }: Props) {
  const ignore = (event: MouseEvent): void => event.preventDefault()
  return <button type="submit" aria-disabled={pending} onClick={pending ? ignore : undefined} {...props} />
}
