import { inSandbox } from '@/lib/env'
import { SignupFlow } from './components/signup-flow'

export default function SignupPage() {
  return <SignupFlow sandbox={inSandbox()} />
}
