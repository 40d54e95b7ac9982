/* node pg-boss.mjs [options of work(), as JSON] */
import { PgBoss } from 'pg-boss'
import { listEmails, sendWelcome } from './mail.mjs'

const options = JSON.parse(process.argv[2] ?? '{}')
const boss = new PgBoss({ connectionString: process.env.DATABASE_URL, schema: 'rival' })
boss.on('error', (error) => console.error(error.message))
await boss.start()
await boss.deleteAllJobs()
await boss.createQueue('welcome')
await boss.insert(
  'welcome',
  (await listEmails()).map((emailId) => ({ data: { emailId } })),
)
console.log('Ready')

await boss.work('welcome', { ...options, perJobResults: true, includeMetadata: true }, (jobs) =>
  Promise.all(jobs.map(run)),
)

async function run({ id, data, retryCount, retryLimit }) {
  try {
    await sendWelcome(data.emailId)
    return { id, status: 'completed' }
  } catch (error) {
    if (retryCount >= retryLimit) console.log('lost', data.emailId)
    return { id, status: 'failed', output: { message: error.message } }
  }
}
