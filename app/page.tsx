import { SignupFlow } from './components/signup/signup-flow'

export default function SignupPage() {
  return <SignupFlow />
}
