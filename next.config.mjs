/** @type {import('next').NextConfig} */
export default {
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
}
