// Only the page that is opened first is here: the App Router brings 135 kB of JavaScript to each page, the Pages
// Router 113 kB. Its components, and all other pages, are in app/.
import type { GetServerSideProps } from 'next'
import { SignupFlow } from '@/app/components/signup-flow'
import { env, inSandbox } from '@/lib/env'

type Props = { url: string; sandbox: boolean }

/** The environment is that of the running server; _app and _document read these as well. */
export const getServerSideProps: GetServerSideProps<Props> = async () => ({
  props: { url: env('APP_URL'), sandbox: inSandbox() },
})

export default function SignupPage({ sandbox }: Props) {
  return <SignupFlow sandbox={sandbox} />
}
