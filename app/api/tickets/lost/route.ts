import { setTimeout as sleep } from 'node:timers/promises'
import { readInput } from '@/lib/http/input'
import { limit } from '@/lib/limits'
import { route } from '@/lib/route'
import { addressInput, MAX_BYTES } from '@/lib/signup/input'
import { sendLostTicket } from '@/lib/signup/lost-ticket'
import { toMailbox } from '@/lib/signup/mailbox'

/** Longer than it takes to queue a mail: the clock does not tell either whether there was one to queue. */
const ALWAYS_MS = 200

export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = route({
  async POST(request) {
    await limit('ticket', request)
    const { email } = await readInput(request, addressInput, MAX_BYTES)
    await limit('lostTicket', toMailbox(email))
    await Promise.all([sendLostTicket(email), sleep(ALWAYS_MS)])
    return Response.json(
      { status: 'If this address is signed up, its ticket is on the way.' },
      { status: 202 },
    )
  },
})
