export type Excerpt = { file: string; line: number; code: string }

/** Matches comments, strings and keywords. */
const TOKENS =
  /(\/\/.*|#.*|'[^']*'|"[^"]*"|`[^`]*`|\b(?:async|await|as|case|catch|const|def|export|function|new|return|throw|try)\b)/

/** Lines of our own code, with their file and line. */
export function SourceCode({ file, line, ...rest }: Excerpt & { mark?: string }) {
  return <Code title={`${file}:${line}`} {...rest} />
}

type Props = {
  title: string
  code: string
  /** Highlights the line that contains this. */
  mark?: string
}

/** A long line wraps with an indent. On a phone it does not wrap, and the block scrolls. */
export function Code({ title, code, mark }: Props) {
  return (
    <figure className="border-l-4 border-line">
      <figcaption className="mb-2 pl-4 font-mono text-[0.9375rem] font-semibold wrap-anywhere text-accent">
        {title}
      </figcaption>
      {/* Some browsers scroll with the keyboard only if the element can have the focus. */}
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
        tabIndex={0}
        aria-label={`Code: ${title}`}
        className="overflow-x-auto pb-2"
      >
        <pre className="min-w-full font-mono max-lg:w-max lg:wrap-anywhere lg:whitespace-pre-wrap text-[0.9375rem] leading-[1.55]">
          <code>
            {code.split('\n').map((text, index, { length }) => (
              <span
                // biome-ignore lint/suspicious/noArrayIndexKey: the lines of an excerpt never move
                key={index}
                className={`block border-l-16 border-transparent max-lg:pr-4 ${mark && text.includes(mark) ? 'bg-accent/15' : ''}`}
                style={hang(text)}
              >
                {colour(text)}
                {index < length - 1 && '\n'}
              </span>
            ))}
          </code>
        </pre>
      </section>
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
    const look = /^(\/\/|#)/.test(part) ? 'text-muted' : /^['"`]/.test(part) ? 'text-good' : 'font-semibold'
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line never move
      <span key={index} className={look}>
        {part}
      </span>
    )
  })
}
