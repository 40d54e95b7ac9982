/*
 * node run.mjs RIVAL ROW migrate|web|worker|age
 *
 * What every rival has in common: a web server with POST /api/users, and a process that does its jobs.
 */
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'

const [name, row, what] = process.argv.slice(2)
const rival = await import(`./${name}.mjs`)
const settings = rival.rows[row]

if (what === 'migrate' || what === 'age') {
  await rival[what]?.(settings)
  process.exit()
}
if (what === 'worker') await rival.work(settings)
if (what === 'web') await serve(await rival.openSignup(settings))
console.log('Ready')

async function serve(signUp) {
  const server = createServer(async (request, response) => {
    try {
      await signUp(await json(request))
      response.writeHead(201).end()
    } catch (error) {
      console.error(error.message)
      response.writeHead(500).end()
    }
  })
  await new Promise((resolve) => server.listen(Number(process.env.PORT), '127.0.0.1', resolve))
}
