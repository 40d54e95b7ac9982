import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** The changes of the next version: a column, a queue's option, and a template. */
const CHANGES: [file: string, before: string, after: string][] = [
  ['prisma/schema.prisma', 'model User {\n', 'model User {\n  locale String @default("en")\n'],
  ['lib/queue.ts', 'retryDelayMax: 300', 'retryDelayMax: 120'],
  ['lib/mail/templates/welcome.tsx', 'Say “got it” at once.', 'Say “got it”, the next version says.'],
]
// As slow as for a large table: longer than the app's own statements may take.
const MIGRATION = `SELECT pg_sleep(11);\nALTER TABLE "User" ADD COLUMN "locale" TEXT NOT NULL DEFAULT 'en';\n`

/** Makes a copy of the sources into the next version. @throws when the sources no longer have what it changes */
export async function writeNextVersion(source: string, target: string): Promise<void> {
  await cp(source, target, { recursive: true })
  for (const [file, before, after] of CHANGES) {
    const text = await readFile(path.join(target, file), 'utf8')
    if (!text.includes(before)) throw new Error(`${file}: no ${before}`)
    await writeFile(path.join(target, file), text.replace(before, after))
  }
  const folder = path.join(target, 'prisma/migrations/20991231000000_next-version')
  await mkdir(folder)
  await writeFile(path.join(folder, 'migration.sql'), MIGRATION)
}
