import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from '@playwright/test'
import { newAddress, signUp } from '../app'
import { copyProject, edit } from '../recipe'
import { type Env, runToEnd, type Stack } from '../stack'
import { test } from '../test'
import { isFinal, until } from './steps'

type Mail = { to: string[]; subject: string; html: string; text: string }

/** A kind of mail with data and a file of its own, and no link to /not-me. */
const RECEIPT = `import { Text } from 'react-email'
import { defineTemplate, Letter, text } from './letter'

export default defineTemplate({
  subject: 'Your receipt',
  slots: ['pictures', 'total'],
  letter: ({ name, pictures, total }) => (
    <Letter preview="Your receipt" heading={\`Thank you, \${name}.\`} reason="You receive this mail because you bought pictures.">
      <Text style={text}>{\`\${pictures} pictures for \${total}\`}</Text>
    </Letter>
  ),
})
`
const ATTACH = `  attach: async ({ total }) => [{ filename: 'receipt.txt', content: Buffer.from(total).toString('base64') }],
})`

/** A copy of this project that knows receipts. */
async function openShop(withFile: boolean): Promise<string> {
  const folder = await copyProject(`test-results/kinds-${test.info().parallelIndex}`)
  await writeFile(
    path.join(folder, 'lib/mail/templates/receipt.tsx'),
    withFile ? RECEIPT.replace(/\}\)\n$/, ATTACH) : RECEIPT,
  )
  await edit(folder, 'lib/mail/templates/index.ts', (text) =>
    text.replace('TEMPLATES = {\n', `$&  receipt: async () => (await import('./receipt')).default,\n`),
  )
  return folder
}

/** Queues a receipt to the user of this ticket, in the copy. @param data the source of the last argument of queueEmail */
async function queueReceipt(stack: Stack, folder: string, ticket: string, data: string): Promise<string> {
  await writeFile(
    path.join(folder, 'queue.ts'),
    `import { prisma } from '@/lib/db/prisma'
     import { transactionWithQueue } from '@/lib/queue'
     import { queueEmail } from '@/lib/sending/enqueue'
     const { userId } = await prisma().email.findUniqueOrThrow({ where: { id: '${ticket}' } })
     console.log(await transactionWithQueue((tx) => queueEmail(tx, userId, 'receipt', ${data})))
     process.exit()`,
  )
  const { code, output } = await runToEnd(['--import', 'tsx', 'queue.ts'], stack.env as Env, { cwd: folder })
  expect(code, output).toBe(0)
  return output.trim()
}

async function readData(stack: Stack, id: string): Promise<unknown> {
  const [row] = await stack.query<{ data: unknown }>('SELECT data FROM "Email" WHERE id = $1', [id])
  return row?.data
}

for (const withFile of [false, true]) {
  test(`a kind of mail with data of its own${withFile ? ' and a file' : ''}: filled, without a link that erases`, {
    tag: withFile ? [] : '@long',
  }, async ({ stack }) => {
    const folder = await openShop(withFile)
    const address = newAddress()
    const ticket = await signUp(address, stack.appUrl)
    // Text in the data that looks like a slot or a place for a token stays text.
    const data = { pictures: '{{notMe}}', total: '<9 €>\u2028ticket\u2028' }
    const id = await queueReceipt(stack, folder, ticket.id, JSON.stringify(data))
    expect(await readData(stack, id)).toEqual(data)
    await stack.startWorkerOf(folder)
    expect(await until(stack, id, isFinal)).toMatchObject({ status: 'delivered', attempts: 1 })
    expect(await readData(stack, id)).toBeNull()

    const { data: mails } = await (await stack.askProvider('/emails')).json()
    const { html, text: mail } = mails.find(
      ({ subject, to }: Mail) => subject === 'Your receipt' && to.includes(address),
    ) as Mail
    expect(html).toContain('&#60;9 €&#62;')
    expect(html).not.toContain('/not-me')
    expect(mail).toContain('Thank you, Ada.')
    expect(mail).toContain('{{notMe}} pictures for <9 €> ticket')
    expect(mail).not.toContain('/not-me')
    expect((await stack.setProvider({})).emails[id]).toEqual({ calls: 1, accepted: 1 })
  })
}

test('a slot without a value does not compile, and fails that mail alone', { tag: '@long' }, async ({
  stack,
}) => {
  const folder = await openShop(false)
  const ticket = await signUp(newAddress(), stack.appUrl)
  const id = await queueReceipt(stack, folder, ticket.id, `{ total: '9 €' }`)
  const compiler = await runToEnd(['node_modules/typescript/bin/tsc', '--noEmit'], {}, { cwd: folder })
  expect(compiler.output).toContain(`Property 'pictures' is missing`)
  const worker = await stack.startWorkerOf(folder)
  await until(stack, ticket.id, isFinal)
  const waiting = await until(stack, id, ({ status }) => status === 'retrying')
  expect(waiting.timeline.at(-1)).toMatchObject({ status: 'retrying', reason: 'template_failed' })
  expect(worker.output()).toContain('The slot {{pictures}} has no value')
  expect((await stack.setProvider({})).emails[id]).toBeUndefined()
})
