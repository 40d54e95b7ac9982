/** The addresses in a text, each once. Whether they are any good is for the server to say. */
export function parseAddresses(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter(Boolean))]
}
