import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'

// stage
/** What the README tells to write, to the letter. */
export async function readRecipe(): Promise<Record<'line' | 'name' | 'file' | 'registry' | 'call', string>> {
  const readme = await readFile('README.md', 'utf8')
  const section = /^## Write the next job\n(.*?)^## /ms.exec(readme)?.[1] ?? ''
  const blocks = [...section.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)
  const [line = '', file = '', registry = ''] = blocks
  const name = /`worker\/jobs\/([\w-]+)\.ts`/.exec(section)?.[1] ?? ''
  const call = /`(await enqueue\(.*?\))`/.exec(section)?.[1] ?? ''
  return { line, name, file, registry, call }
}

/** A copy of what a worker needs, in a folder of its own. */
export async function copyProject(to: string): Promise<string> {
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
  ]) {
    await cp(name, path.join(folder, name), { recursive: true })
  }
  await symlink(path.resolve('node_modules'), path.join(folder, 'node_modules'), 'junction')
  return folder
}

/** Changes a file of the copy. */
export async function edit(folder: string, file: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(path.join(folder, file), 'utf8')
  await writeFile(path.join(folder, file), change(text))
}

/** The blocks of a document in these languages. */
export async function readBlocks(file: string, ...languages: string[]): Promise<string[]> {
  const blocks = (await readFile(file, 'utf8')).matchAll(/^```(\w+)\n(.*?)^```/gms)
  return [...blocks].flatMap(([, language = '', code = '']) => (languages.includes(language) ? code : []))
}

/** Writes blocks that are whole files: the first line names the file. */
export async function writeFiles(folder: string, blocks: string[]): Promise<void> {
  for (const block of blocks) {
    const [, name = ''] = /^\/\/ (\S+\.tsx?)\n/.exec(block) ?? []
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), block)
  }
}

/** Changes files as a block of diffs says. Lines that stay lead to the place. @throws when a line is not there */
export async function applyDiffs(folder: string, block: string): Promise<void> {
  for (const part of block.split(/^--- /m).slice(1)) {
    const [file = '', ...changes] = part.trimEnd().split('\n')
    await edit(folder, file, (text) => {
      const lines = text.split('\n')
      let at = 0
      for (const change of changes) {
        const line = change.slice(1)
        if (change.startsWith('+')) {
          lines.splice(at++, 0, line)
          continue
        }
        at = lines.indexOf(line)
        if (at < 0) throw new Error(`${file} has no line "${line}"`)
        if (change.startsWith('-')) lines.splice(at, 1)
        else at++
      }
      return lines.join('\n')
    })
  }
}
