import { createFormPass } from '@/lib/protection/form-token'
import { SignupFlow } from './components/signup/signup-flow'

export default async function SignupPage() {
  return <SignupFlow pass={await createFormPass()} />
}
