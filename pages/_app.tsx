import type { AppProps } from 'next/app'
import { Shell } from '@/app/components/shell'
import '@/app/globals.css'

export default function App({ Component, pageProps }: AppProps) {
  return (
    <Shell sandbox={pageProps.sandbox}>
      <Component {...pageProps} />
    </Shell>
  )
}
