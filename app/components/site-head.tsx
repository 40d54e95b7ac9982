import { SITE } from './site'

/**
 * For the Pages Router what `metadata` and `viewport` in app/layout.tsx, and the icons beside it, are for the App
 * Router. The document bears it: it never changes, and so costs no JavaScript.
 */
export function SiteHead({ url }: { url: string }) {
  const { name, description, picture } = SITE
  const pictureUrl = new URL(picture.url, url).href
  return (
    <>
      <title>{name}</title>
      <meta name="description" content={description} />
      <link rel="canonical" href={url} />
      <meta property="og:type" content="website" />
      <meta property="og:site_name" content={name} />
      <meta property="og:title" content={name} />
      <meta property="og:description" content={description} />
      <meta property="og:url" content={url} />
      <meta property="og:image" content={pictureUrl} />
      <meta property="og:image:type" content={picture.type} />
      <meta property="og:image:width" content={`${picture.width}`} />
      <meta property="og:image:height" content={`${picture.height}`} />
      <meta property="og:image:alt" content={picture.alt} />
      <meta name="twitter:card" content="summary_large_image" />
      <meta name="twitter:title" content={name} />
      <meta name="twitter:description" content={description} />
      <meta name="twitter:image" content={pictureUrl} />
      <meta name="twitter:image:alt" content={picture.alt} />
      <meta name="color-scheme" content={SITE.colorScheme} />
      {SITE.themeColor.map(({ media, color }) => (
        <meta key={media} name="theme-color" media={media} content={color} />
      ))}
      <link rel="icon" href="/favicon.ico" type="image/x-icon" sizes="32x32" />
      <link rel="icon" href="/icon.svg" type="image/svg+xml" sizes="any" />
      <link rel="apple-touch-icon" href="/apple-icon.png" type="image/png" sizes="180x180" />
    </>
  )
}
