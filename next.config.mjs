import { PHASE_PRODUCTION_SERVER } from 'next/constants.js'

/** @returns {Promise<import('next').NextConfig>} */
export default async function config(phase) {
  return {
    poweredByHeader: false,
    headers: async () => [
      {
        source: '/:path*',
        headers: [
          { key: 'X-Content-Type-Options', value: 'nosniff' },
          { key: 'X-Frame-Options', value: 'DENY' },
          // The address of a ticket is the permission to watch it: never hand it to another site.
          { key: 'Referrer-Policy', value: 'same-origin' },
        ],
      },
    ],
    compiler: phase === PHASE_PRODUCTION_SERVER ? {} : { defineServer: await readConstants() },
  }
}

// A running server has what the build found: where it runs, the source may not be.
async function readConstants() {
  const { EXCERPTS, readExcerpt } = await import('./app/(stage)/learn/excerpts.mjs')
  return { LESSON_EXCERPTS: JSON.stringify(EXCERPTS.map(readExcerpt)) }
}
