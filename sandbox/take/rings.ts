/** The parts that belong to one ring. Lines elsewhere that need the ring carry its mark: see marks.ts. */
export type Ring = {
  mark: 'stage' | 'orders'
  paths: string[]
  dependencies: string[]
  /** A paragraph, list item or row of a document with one of these words is about the ring. */
  words: RegExp
}

export const STAGE: Ring = {
  mark: 'stage',
  paths: ['app/(stage)', 'e2e/stage'],
  dependencies: ['uqr'],
  words: /backstage|presenter|\bstage\b|lesson|\brace\b|bench|--share/i,
}

export const ORDERS: Ring = {
  mark: 'orders',
  paths: [
    'app/(orders)',
    'e2e/orders',
    'lib/orders',
    'lib/mail/templates/invitation.tsx',
    ...['export-data', 'export-data-dead', 'expire-export'].map((name) => `worker/jobs/${name}.ts`),
  ],
  dependencies: [],
  // Not the keyword of TypeScript.
  words: /\borders\b|\bexports?\b(?! (?:const|default|type|async|function)\b)|invit|friend/i,
}

/** The files and folders to copy. All others are not copied: a .env, test results, Next's build. */
export const TAKEN = [
  ...['app', 'lib', 'worker', 'prisma', 'sandbox', 'e2e'],
  ...['docs/your-app.md', 'docs/recipes.md', 'docs/operations.md', 'docs/faults.md'],
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'biome.json', 'next.config.mjs'],
  ...['prisma.config.ts', 'playwright.config.ts', 'postcss.config.mjs'],
  ...['proxy.ts', 'instrumentation.ts', 'instrumentation-node.ts'],
  ...[
    '.env.example',
    '.devcontainer',
    '.gitignore',
    '.gitattributes',
    '.editorconfig',
    '.nvmrc',
    '.dockerignore',
  ],
  ...['Dockerfile', 'compose.yaml', 'Procfile', 'LICENSE'],
]

/** Files about this project, and not about the copy. */
export const LEFT = [
  'lib/generated',
  'sandbox/take',
  'app/opengraph-image.png',
  'app/opengraph-image.alt.txt',
  'e2e/maintenance',
  'e2e/check-core.ts',
  // Tests of the documents that stay here, of this tool, and of bugs in other projects.
  ...['docs', 'core', 'upstream', 'faults/recipe', 'faults/your-app', 'api/next-job', 'api/recipes'].map(
    toSpec,
  ),
  // All faults at once, at random. The copy has a test of its own for each of them.
  toSpec('faults/soak'),
  ...['hold-lock', 'judge-production', 'storm'].map((name) => `e2e/faults/${name}.ts`),
  // Needs the parts of the production rehearsal, which stays in e2e/maintenance.
  toSpec('faults/nginx'),
  'e2e/as-in-production.ts',
]

/** Only tests that are not copied need these. */
export const LEFT_DEPENDENCIES = ['nodemailer', 'punycode.js', 'smtp-server']

function toSpec(name: string): string {
  return `e2e/${name}.spec.ts`
}
