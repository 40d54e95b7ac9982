import styles from './confetti.module.css'

const COLOURS = ['bg-accent', 'bg-ink', 'bg-good', 'bg-line']
const PIECES = Array.from({ length: 70 }, (_, index) => index)

/** Confetti over the whole window, once. Hidden under prefers-reduced-motion. */
export function Confetti() {
  return (
    <div aria-hidden className={styles.sky}>
      {PIECES.map((index) => (
        <span
          key={index}
          className={`${styles.piece} ${COLOURS[index % COLOURS.length]}`}
          // The golden ratio spreads them evenly, without a visible pattern.
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
