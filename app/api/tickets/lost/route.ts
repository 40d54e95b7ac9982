import { sendLostTicket } from '@/lib/account/lost-ticket'
import { readInput } from '@/lib/http/input'
import { type Hit, withinLimits } from '@/lib/protection/limits'
import { route } from '@/lib/protection/route'
import { toMailbox } from '@/lib/sending/mailbox'
import { addressInput, MAX_BYTES } from '@/lib/signup/input'

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request) {
    const { email } = await readInput(request, addressInput, MAX_BYTES)
    const hits: Hit[] = [
      ['mailRequest', request],
      ['lostTicket', toMailbox(email)],
    ]
    await withinLimits(hits, async (rejectIfFull) => {
      rejectIfFull()
      await sendLostTicket(email)
    })
    return Response.json(
      { status: 'If this address is signed up, its ticket is on the way.' },
      { status: 202 },
    )
  },
})
