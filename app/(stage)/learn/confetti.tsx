import styles from './confetti.module.css'

const COLOURS = ['bg-accent', 'bg-ink', 'bg-good', 'bg-line']
const PIECES = Array.from({ length: 70 }, (_, index) => index)

/** Scraps of paper that come down once, over the whole window. Who prefers less motion sees none of it. */
export function Confetti() {
  return (
    <div aria-hidden className={styles.sky}>
      {PIECES.map((index) => (
        <span
          key={index}
          className={`${styles.piece} ${COLOURS[index % COLOURS.length]}`}
          // Spread by the golden ratio: even, and without a pattern that the eye would find.
          style={{
            left: `${((index * 0.618) % 1) * 100}%`,
            animationDelay: `${((index * 0.382) % 1) * 900}ms`,
            animationDuration: `${1800 + ((index * 0.741) % 1) * 1400}ms`,
            rotate: `${index * 47}deg`,
          }}
        />
      ))}
    </div>
  )
}
