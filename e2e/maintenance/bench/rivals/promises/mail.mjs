import { Resend } from 'resend'

/**
 * Sends one mail, as https://resend.com/docs/send-with-nodejs has it. Throws when Resend refuses.
 * @param idempotencyKey the same key sends no second mail within 24 h
 */
export async function sendWelcome({ name, email }, idempotencyKey) {
  const resend = new Resend(process.env.RESEND_API_KEY, { baseUrl: process.env.RESEND_BASE_URL })
  const { error } = await resend.emails.send(
    {
      from: 'Behind the Scenes <onboarding@resend.dev>',
      to: email,
      subject: 'Welcome to Behind the Scenes',
      html: `<h1>Welcome, ${name}.</h1>`,
    },
    idempotencyKey ? { idempotencyKey } : undefined,
  )
  if (error) throw new Error(error.message)
}
