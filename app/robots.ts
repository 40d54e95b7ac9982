import type { MetadataRoute } from 'next'

/** Tickets and mails say `noindex` themselves. A crawler has to be allowed to read a page to see that. */
export default function robots(): MetadataRoute.Robots {
  return { rules: { userAgent: '*', disallow: '/api/' } }
}
