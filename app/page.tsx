import { createFormPass } from '@/lib/signup/form'
import { SignupFlow } from './components/signup/signup-flow'

export default function SignupPage() {
  return <SignupFlow pass={createFormPass()} />
}
