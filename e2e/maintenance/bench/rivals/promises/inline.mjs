/* The mail is sent while the visitor waits: https://resend.com/docs/send-with-nodejs */
import { setTimeout as sleep } from 'node:timers/promises'
import { sendWelcome } from './mail.mjs'
import { createUsers, insertUser, openPool } from './users.mjs'

export const title = 'inline send'
export const packages = ['resend', 'pg']
export const rows = {
  documented: { attempts: 1 },
  tuned: { attempts: 4, pauseMs: 1_000, key: 'welcome/USER' },
}
export const migrate = createUsers

export async function openSignup({ attempts, pauseMs, key }) {
  const pool = openPool()
  return async (input) => {
    const id = await insertUser(pool, input)
    for (let attempt = 1; ; attempt++) {
      try {
        return await sendWelcome(input, key?.replace('USER', id))
      } catch (error) {
        if (attempt >= attempts) throw error
        await sleep(pauseMs)
      }
    }
  }
}
