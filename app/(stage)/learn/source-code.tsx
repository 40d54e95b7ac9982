export type Excerpt = { file: string; line: number; code: string }

/** Comments, texts and keywords; everything else is left as it is. */
const TOKENS =
  /(\/\/.*|'[^']*'|`[^`]*`|\b(?:async|await|as|case|catch|const|export|function|new|return|throw|try)\b)/

/** Some lines of our own code, and where they stand. A long line goes on below itself, a little to the right. */
export function SourceCode({ file, line, code }: Excerpt) {
  return (
    <figure className="border-l-4 border-line pl-4 sm:pl-5">
      <figcaption className="mb-2 font-mono text-[0.9375rem] font-semibold wrap-anywhere text-accent">
        {file}:{line}
      </figcaption>
      <pre className="font-mono text-[0.9375rem] leading-[1.55] wrap-anywhere whitespace-pre-wrap">
        <code>
          {code.split('\n').map((text, index, { length }) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the lines of an excerpt never move
            <span key={index} className="block" style={hang(text)}>
              {colour(text)}
              {index < length - 1 && '\n'}
            </span>
          ))}
        </code>
      </pre>
    </figure>
  )
}

function hang(text: string): { paddingLeft: string; textIndent: string } {
  const indent = text.length - text.trimStart().length + 4
  return { paddingLeft: `${indent}ch`, textIndent: `-${indent}ch` }
}

function colour(text: string) {
  return text.split(TOKENS).map((part, index) => {
    if (index % 2 === 0) return part
    const look = part.startsWith('//') ? 'text-muted' : /^['`]/.test(part) ? 'text-good' : 'font-semibold'
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line never move
      <span key={index} className={look}>
        {part}
      </span>
    )
  })
}
