import type { MetadataRoute } from 'next'

/** Tickets and mails say `noindex` themselves: whoever is kept from reading a page can't see that either. */
export default function robots(): MetadataRoute.Robots {
  return { rules: { userAgent: '*', disallow: '/api/' } }
}
