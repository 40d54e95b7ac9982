import { createFormPass } from '@/lib/signup/form'
import { SignupFlow } from './components/signup/signup-flow'

export default async function SignupPage() {
  return <SignupFlow pass={await createFormPass()} />
}
