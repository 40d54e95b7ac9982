import { readdir } from 'node:fs/promises'
import path from 'node:path'

/**
 * The paths that Next serves, read from the folder app/, with "none" for dynamic segments. Paths outside of route groups
 * come first, and pages before other routes.
 */
export async function listRoutes(): Promise<string[]> {
  return [...(await listFiles('page.tsx')), ...(await listFiles('route.ts'))]
    .sort((a, b) => Number(a.some(isGroup)) - Number(b.some(isGroup)))
    .map(toAddress)
}

export async function listPages(): Promise<string[]> {
  const files = await listFiles('page.tsx')
  return files
    .filter((segments) => !segments.some((name) => name.startsWith('[')))
    .map(toAddress)
    .sort()
}

async function listFiles(name: string): Promise<string[][]> {
  const files = await readdir('app', { recursive: true })
  return files.map((file) => file.split(path.sep)).filter((segments) => segments.at(-1) === name)
}

function toAddress(segments: string[]): string {
  const names = segments.slice(0, -1).filter((name) => !isGroup(name) && !name.startsWith('[['))
  return `/${names.map((name) => (name.startsWith('[') ? 'none' : name)).join('/')}`
}

const isGroup = (name: string): boolean => name.startsWith('(')
