import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readFile, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'

/** The folder, environment, command and user that a container would start with. */
export type Image = { folder: string; env: Record<string, string>; command: string[]; user: string }

type Stage = Image & { root: string; name?: string }

/**
 * Does what `docker build` would do with a Dockerfile, line by line, in a clean folder for each stage: no container, no
 * download of a base image, and this computer's Node instead of the image's. It knows the instructions that ours has.
 * @param context the files that are sent to the builder; what .dockerignore names is left out
 * @throws when a step fails, with what it has printed, or when there is an instruction that it does not know
 */
export async function buildImage(context: string, target: string): Promise<Image> {
  const text = await readFile(path.join(context, 'Dockerfile'), 'utf8')
  const ignored = (await readFile(path.join(context, '.dockerignore'), 'utf8')).split('\n').filter(Boolean)
  const stages: Stage[] = []
  await rm(target, { recursive: true, force: true })

  for (const line of text.split('\n').filter((line) => /^[A-Z]/.test(line))) {
    const [instruction = '', rest = ''] = line.split(/ (.*)/s)
    const stage = stages.at(-1) as Stage
    if (instruction === 'FROM') {
      const root = path.join(target, `${stages.length}`)
      const inherited = { env: {}, command: [], user: 'root', folder: root }
      stages.push({ ...inherited, root, name: / AS (\S+)$/.exec(rest)?.[1] })
    } else if (instruction === 'WORKDIR') {
      stage.folder = path.join(stage.root, rest)
      await mkdir(stage.folder, { recursive: true })
    } else if (instruction === 'ENV') {
      for (const pair of rest.split(' ')) {
        const [name = '', value = ''] = pair.split('=')
        stage.env[name] = value
      }
    } else if (instruction === 'COPY') {
      await copy(stage, rest)
    } else if (instruction === 'RUN') {
      await run(stage, rest)
    } else if (instruction === 'USER') {
      stage.user = rest
    } else if (instruction === 'CMD') {
      stage.command = JSON.parse(rest)
    } else if (instruction !== 'EXPOSE') {
      throw new Error(`Not known here: ${line}`)
    }
  }
  return stages.at(-1) as Stage

  async function copy(stage: Stage, rest: string): Promise<void> {
    const { values, positionals } = parseArgs({
      args: rest.split(' '),
      allowPositionals: true,
      options: { from: { type: 'string' } },
    })
    const from = stages.find(({ name }) => name && name === values.from)
    const to = positionals.pop() ?? ''
    for (const source of positionals) {
      const origin = from ? path.join(from.root, source) : path.join(context, source)
      // Copies a file into the folder, and of a folder only its contents.
      const name = to.endsWith('/') && (await stat(origin)).isFile() ? path.basename(source) : ''
      const filter = (file: string): boolean => from !== undefined || !isIgnored(path.relative(context, file))
      await cp(origin, path.join(stage.folder, to, name), { recursive: true, filter, verbatimSymlinks: true })
    }
  }

  function isIgnored(file: string): boolean {
    return ignored.some((pattern) => {
      const words = pattern.split('*').map((word) => word.replace(/[.\\]/g, '\\$&'))
      return new RegExp(`^${words.join('[^/]*')}(/|$)`).test(file)
    })
  }
}

async function run(stage: Stage, command: string): Promise<void> {
  const { PATH, HOME } = process.env
  const env = { ...stage.env, PATH, HOME } as unknown as NodeJS.ProcessEnv
  const child = spawn('sh', ['-c', command], { cwd: stage.folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`RUN ${command}\n${output}`)
}
