import picture from '../picture.png'

/** What browsers, search engines and whoever shares a page are told about the whole site, by either router. */
export const SITE = {
  name: 'Behind the Scenes',
  description:
    'A signup that answers at once, and a welcome email that follows. Watch a background job at work.',
  picture: {
    url: picture.src,
    type: 'image/png',
    width: picture.width,
    height: picture.height,
    alt: 'A ticket that says “Account created! You waited” and a few milliseconds. Beside it, printed behind the scenes: queued, sending, sent, delivered.',
  },
  colorScheme: 'light dark',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f7f3eb' },
    { media: '(prefers-color-scheme: dark)', color: '#130e0b' },
  ],
} as const
