import { PHASE_PRODUCTION_SERVER } from 'next/constants.js' // stage

const root = import.meta.dirname

/** @returns {Promise<import('next').NextConfig>} */
export default async function config(
  phase, // stage
) {
  // Reads the lesson's code at the build, because the image has no source files. // stage
  const lesson = phase !== PHASE_PRODUCTION_SERVER && (await import('./app/(stage)/learn/excerpts.mjs')) // stage
  return {
    poweredByHeader: false,
    // Turns off /_next/image. It renders any path inside the server, and goes on after the client has left.
    images: { unoptimized: true },
    // In development, Next sends its scripts only to pages of these hosts: this computer's names and APP_URL's.
    allowedDevOrigins: ['127.0.0.1', '[::1]', URL.parse(process.env.APP_URL ?? '')?.hostname ?? 'localhost'],
    experimental: {
      // Next keeps a body that passes proxy.ts in memory, by default up to 10 MB. No page takes a body.
      proxyClientMaxBodySize: '64kb',
      // With it, a running `next dev` keeps the old Prisma client after `npm run migrate:new`: routes that are compiled
      // later share its modules, and get no update.
      turbopackServerFastRefresh: false,
      // Stacks in the log name the lines of the source.
      serverSourceMaps: true,
    },
    // Next would search for it, and warn when a folder above has a lockfile, too.
    outputFileTracingRoot: root,
    turbopack: { root },
    // For an image: copies the server with only what it needs into a folder. `next start` does not use that.
    ...(process.env.STANDALONE && { output: 'standalone' }),
    headers: async () => [
      {
        source: '/:path*',
        headers: [
          { key: 'X-Content-Type-Options', value: 'nosniff' },
          { key: 'X-Frame-Options', value: 'DENY' },
          // A page that opens ours, or is opened by it, cannot reach its window.
          { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
          // The address of a ticket is the permission to watch it, so no other site may get it.
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
