/* What all rivals do in a job, as it is usually written. */
import pg from 'pg'
import { Resend } from 'resend'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
const resend = new Resend(process.env.RESEND_API_KEY, { baseUrl: process.env.RESEND_BASE_URL })

/** The ids of the emails that wait for a job. */
export async function listEmails() {
  const { rows } = await pool.query(`SELECT id FROM "Email" WHERE status = 'queued'`)
  return rows.map(({ id }) => id)
}

/** Reads the rows, sends one mail, and marks it as sent. Throws when Resend refuses. */
export async function sendWelcome(emailId) {
  const { rows } = await pool.query(
    `SELECT name, "User".email FROM "Email" JOIN "User" ON "User".id = "userId" WHERE "Email".id = $1`,
    [emailId],
  )
  const { name, email } = rows[0]
  const { data, error } = await resend.emails.send({
    from: 'Behind the Scenes <onboarding@resend.dev>',
    to: email,
    subject: 'Welcome to Behind the Scenes',
    html: `<h1>Welcome, ${name}.</h1><p>Your account was ready the moment you pressed the button.</p>`,
    text: `Welcome, ${name}.\n\nYour account was ready the moment you pressed the button.`,
    tags: [{ name: 'email_id', value: emailId }],
  })
  if (error) throw new Error(error.message)
  // A delivery report can be faster, and has the last word.
  await pool.query(
    `WITH sent AS (
       UPDATE "Email" SET status = CASE WHEN status = 'queued' THEN 'sent' ELSE status END,
         "providerId" = $2, attempts = attempts + 1 WHERE id = $1 RETURNING id
     )
     INSERT INTO "EmailEvent" ("emailId", status) SELECT id, 'sent' FROM sent ON CONFLICT DO NOTHING`,
    [emailId, data.id],
  )
}
