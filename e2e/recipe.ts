import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'

// stage
/** Reads the code that the README says to write, to the letter. */
export async function readRecipe(): Promise<Record<'line' | 'name' | 'file' | 'registry' | 'call', string>> {
  const readme = await readFile('README.md', 'utf8')
  const section = /^## Write the next job\n(.*?)^## /ms.exec(readme)?.[1] ?? ''
  const blocks = [...section.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)
  const [line = '', file = '', ...registry] = blocks
  const name = /`worker\/jobs\/([\w-]+)\.ts`/.exec(section)?.[1] ?? ''
  const call = /`(await enqueue\(.*?\))`/.exec(section)?.[1] ?? ''
  return { line, name, file, registry: registry.join(''), call }
}

/** A copy of what a worker needs, in a folder of its own. @param more what else to copy */
export async function copyProject(to: string, more: string[] = []): Promise<string> {
  const folder = path.resolve(to)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const name of [
    'lib',
    'worker',
    'prisma',
    'sandbox',
    'package.json',
    'tsconfig.json',
    'prisma.config.ts',
    ...more,
  ]) {
    await cp(name, path.join(folder, name), { recursive: true })
  }
  await symlink(path.resolve('node_modules'), path.join(folder, 'node_modules'), 'junction')
  return folder
}

/** Changes a file of the copy. @throws {Error} when nothing changes */
export async function edit(folder: string, file: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(path.join(folder, file), 'utf8')
  const changed = change(text)
  if (changed === text) throw new Error(`Nothing to change was found in ${file}.`)
  await writeFile(path.join(folder, file), changed)
}
