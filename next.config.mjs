import { PHASE_PRODUCTION_SERVER } from 'next/constants.js' // stage

const root = import.meta.dirname

/** @returns {Promise<import('next').NextConfig>} */
export default async function config(
  phase, // stage
) {
  // The lesson's code is read at the build: where the server runs, the source may not be. // stage
  const lesson = phase !== PHASE_PRODUCTION_SERVER && (await import('./app/(stage)/learn/excerpts.mjs')) // stage
  return {
    poweredByHeader: false,
    // Or /_next/image would render any path inside of the server, for nobody, and go on when its client has left.
    images: { unoptimized: true },
    // In development, Next sends its scripts only to the pages of these hosts: the names of this computer, and that of APP_URL.
    allowedDevOrigins: ['127.0.0.1', '[::1]', URL.parse(process.env.APP_URL ?? '')?.hostname ?? 'localhost'],
    experimental: {
      // What comes by proxy.ts is kept in memory, up to 10 MB unless told otherwise. No page takes a body.
      proxyClientMaxBodySize: '64kb',
      // Or a running `next dev` keeps the old Prisma client after `npm run migrate:new`: routes that are compiled later share
      // its modules, and are not told that they have changed.
      turbopackServerFastRefresh: false,
      // A stack in the log names the lines of the source.
      serverSourceMaps: true,
    },
    // Or Next would look for it, and warn where a folder above has a lockfile, too.
    outputFileTracingRoot: root,
    turbopack: { root },
    // For an image: the server with only what it needs, in a folder of its own. `next start` has no use for that.
    ...(process.env.STANDALONE && { output: 'standalone' }),
    headers: async () => [
      {
        source: '/:path*',
        headers: [
          { key: 'X-Content-Type-Options', value: 'nosniff' },
          { key: 'X-Frame-Options', value: 'DENY' },
          // A page that opens ours, or is opened by it, gets no hold of its window.
          { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
          // The address of a ticket is the permission to watch it: never hand it to another site.
          { key: 'Referrer-Policy', value: 'same-origin' },
          {
            key: 'Permissions-Policy',
            value: 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
          },
        ],
      },
      // The pages have a policy with a nonce: see proxy.ts.
      {
        source: '/api/:path*',
        headers: [{ key: 'Content-Security-Policy', value: "default-src 'none'; frame-ancestors 'none'" }],
      },
    ],
    compiler: lesson ? { defineServer: lesson.defineExcerpts() } : {}, // stage
  }
}
