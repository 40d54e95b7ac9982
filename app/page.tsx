import { AnyAddress } from '@/app/(stage)/any-address' // stage
import { createFormPass } from '@/lib/protection/form-token'
import { SignupFlow } from './components/signup/signup-flow'

export default async function SignupPage() {
  return (
    <SignupFlow pass={await createFormPass()}>
      A demonstration of background jobs: your account is ready at once, and the email follows.
      <AnyAddress /> {/* stage */}
    </SignupFlow>
  )
}
