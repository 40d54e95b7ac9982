import { defineConfig } from 'prisma/config'

// `prisma generate` needs no engine, but the CLI downloads one first. The name of any existing file prevents that, so
// `npm ci` works on a plane.
if (process.argv.includes('generate')) process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  ...(process.env.DATABASE_URL ? { datasource: { url: process.env.DATABASE_URL } } : {}),
})
