import { explainReason } from './reasons'

export default function Reason({ code }: { code: string }) {
  return explainReason(code)
}
