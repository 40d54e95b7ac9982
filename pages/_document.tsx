import { type DocumentProps, Head, Html, Main, NextScript } from 'next/document'
import { StageMode } from '@/app/(stage)/stage-mode'
import { SiteHead } from '@/app/components/site-head'

export default function Document({ __NEXT_DATA__ }: DocumentProps) {
  // Next builds its own error page with this document, too: it has no address.
  const { url } = __NEXT_DATA__.props.pageProps ?? {}
  return (
    <Html lang="en">
      <Head>{url && <SiteHead url={url} />}</Head>
      <body>
        <StageMode />
        <Main />
        <NextScript />
      </body>
    </Html>
  )
}
