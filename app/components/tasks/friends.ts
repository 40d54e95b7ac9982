/** The addresses in a text, each once. Whether they are any good is for the server to say. */
export function parseAddresses(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter(Boolean))]
}

const NAMES = ['ada', 'grace', 'alan', 'edsger', 'barbara', 'donald', 'frances', 'ken', 'radia', 'linus']

/** Friends whom Resend has made up for tests: their mail goes nowhere, and one in forty is known to bounce. */
export function makeUpFriends(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const fate = index % 40 === 17 ? 'bounced' : 'delivered'
    const label = Math.random().toString(36).slice(2, 8)
    return `${fate}+${NAMES[index % NAMES.length]}-${label}@resend.dev`
  })
}
