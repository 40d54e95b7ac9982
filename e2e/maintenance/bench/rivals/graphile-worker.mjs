import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import { listEmails, sendWelcome } from './mail.mjs'

const connectionString = process.env.DATABASE_URL
const logger = new Logger(() => () => {})
const utils = await makeWorkerUtils({ connectionString, logger })
await utils.migrate()
await utils.withPgClient((client) => client.query('DELETE FROM graphile_worker._private_jobs'))
await utils.addJobs((await listEmails()).map((emailId) => ({ identifier: 'welcome', payload: { emailId } })))
console.log('Ready')

await run({
  connectionString,
  logger,
  concurrency: 10,
  taskList: {
    async welcome({ emailId }, { job }) {
      try {
        await sendWelcome(emailId)
      } catch (error) {
        if (job.attempts >= job.max_attempts) console.log('lost', emailId)
        throw error
      }
    },
  },
})
