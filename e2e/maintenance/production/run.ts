/*
 * npm run test:production
 *
 * As it runs where people run things, with a key of its own, limits on and nothing in UTC: the image that the Dockerfile
 * makes, two web servers behind nginx with TLS, two workers, and a Postgres whose roles are ordinary ones, one half of it
 * behind PgBouncer. People sign up all the time while one version is replaced by the next, and back again. Then what
 * surrounds the app gets into trouble. In the end the database is lost, and comes back from a dump.
 *
 * It needs Debian's packages (see parts.ts) and a quarter of an hour. With --images <folder> it keeps the images there,
 * and takes them from there the next time.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { chmod, cp, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readArguments } from '../../../lib/ops/arguments'
import { buildImage, type Image } from './image'
import { writeNextVersion } from './next-version'
import { findParts, makeCertificate } from './parts'
import { endPrograms, startProgram } from './program'

const { values } = readArguments('npm run test:production [-- --images FOLDER]', {
  images: { type: 'string' },
})

// 1. Everything is made outside of this folder, where it can take nothing from it.
findParts()
const folder = await mkdtemp(path.join(tmpdir(), 'production-'))
await chmod(folder, 0o755)
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
const images = values.images ? path.resolve(values.images) : path.join(folder, 'images')

try {
  // 2. Two images: of these sources, and of what might be their next version.
  const now = path.join(folder, 'now')
  const next = path.join(folder, 'next')
  for (const file of listSources()) await cp(file, path.join(now, file))
  await writeNextVersion(now, next)
  await build(now, 'now')
  await build(next, 'next')

  // 3. The rest in a process that trusts the certificate.
  const { cert } = await makeCertificate(folder)
  const env = { ...(process.env as Record<string, string>), NODE_EXTRA_CA_CERTS: cert }
  const rollout = ['node', '--import', 'tsx', 'e2e/maintenance/production/rollout.ts', folder, images]
  const program = await startProgram(rollout, { env, echo: true })
  process.exitCode = (await program.ended) ?? 1
} finally {
  await endPrograms()
}

function listSources(): string[] {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'])
  return list
    .toString()
    .split('\0')
    .filter((file) => file && existsSync(file))
}

async function build(context: string, name: string): Promise<void> {
  const file = path.join(images, `${name}.json`)
  if (existsSync(file)) return
  const start = Date.now()
  const image: Image = await buildImage(context, path.join(images, name))
  await writeFile(file, JSON.stringify(image))
  const [size] = execFileSync('du', ['-sm', image.folder]).toString().split('\t')
  console.log(`Image "${name}": ${size} MB on top of Node’s, in ${Math.round((Date.now() - start) / 1000)} s`)
}
