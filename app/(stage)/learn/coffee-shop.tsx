const CAPTIONS = [
  { title: 'At a table', text: 'You have your ticket and your time.' },
  { title: 'At the counter', text: 'The next person is already ordering.' },
  { title: 'Behind the scenes', text: 'The orders hang on a rail. Free hands take the next one.' },
]

/** The idea as a picture. It fits one screen with the headline. */
export function CoffeeShop() {
  return (
    <figure className="max-w-[max(40rem,139vh)]">
      <svg
        viewBox="0 18 640 211"
        role="img"
        aria-labelledby="coffee-shop"
        className="w-full overflow-visible"
      >
        <title id="coffee-shop">
          A coffee shop. One customer sits at a table with a ticket. Another orders at the counter. Behind it,
          orders hang on a rail, and a barista makes the coffee.
        </title>
        <g fill="none" strokeLinecap="round" strokeLinejoin="round" className="stroke-ink">
          <path d="M4 226H636" strokeWidth="4" />
          <path d="M350 20V216" strokeWidth="3" strokeDasharray="1 9" className="stroke-muted" />

          {/* A customer with a ticket: chair, person, telephone, table, ticket. */}
          <path d="M44 112L52 176H100M56 176L50 224M94 176L100 224" strokeWidth="4" />
          <g className="stroke-accent">
            <path d="M76 130V158" strokeWidth="30" />
            <path d="M78 164H114V216H122" strokeWidth="15" />
            <path d="M82 130L100 148L120 136" strokeWidth="10" />
          </g>
          <circle cx="80" cy="92" r="15" className="fill-accent stroke-accent" />
          <path d="M122 118L128 136" strokeWidth="6" />
          <path d="M138 152H204M171 152V224M153 224H189" strokeWidth="5" />
          <g className="sheet fill-sheet stroke-ink" strokeWidth="3">
            <path d="M160 146V108L165 112L171 108L177 112L183 108V146Z" />
            <path d="M167 122H176M167 131H172" />
          </g>

          {/* The next customer, who orders. */}
          <g className="stroke-muted">
            <path d="M246 122V164" strokeWidth="28" />
            <path d="M240 172V218M252 172V218" strokeWidth="12" />
            <path d="M250 122L266 138L280 134" strokeWidth="9" />
          </g>
          <circle cx="246" cy="84" r="14" className="fill-muted stroke-muted" />

          {/* The counter, the till and the cashier. */}
          <path d="M322 112V140" strokeWidth="28" />
          <circle cx="322" cy="74" r="14" className="fill-ink" />
          <path d="M272 148H340V224H280V148Z" strokeWidth="4" className="fill-ink" />
          <path d="M288 144V122L308 118V144Z" strokeWidth="4" className="fill-paper" />

          {/* The rail with the orders. */}
          <path d="M366 44H500" strokeWidth="5" />
          {[368, 400, 432].map((x) => (
            <g key={x} strokeWidth="3" className="sheet fill-sheet stroke-ink">
              <path d={`M${x} 46H${x + 24}V88L${x + 18} 84L${x + 12} 88L${x + 6} 84L${x} 88Z`} />
              <path d={`M${x + 7} 58H${x + 17}M${x + 7} 68H${x + 13}`} />
            </g>
          ))}

          {/* The barista, with an order in hand. */}
          <path d="M500 124V166" strokeWidth="30" />
          <path d="M493 174V218M507 174V218" strokeWidth="13" />
          <path d="M496 122L478 122L469 98M506 122L526 140L546 134" strokeWidth="10" />
          <circle cx="500" cy="84" r="15" className="fill-ink" />
          <g strokeWidth="3" className="sheet fill-sheet stroke-accent">
            <path d="M453 64L474 59L481 91L475 89L471 94L465 91L460 96Z" />
          </g>

          {/* The machine, and the coffee. */}
          <path d="M548 154H632V224H556V154Z" strokeWidth="4" className="fill-ink" />
          <path d="M564 150V84H624V104H592M624 104V150" strokeWidth="5" />
          <path d="M574 104V112H588V104" strokeWidth="5" />
          <path
            d="M570 128H592V140Q592 150 581 150Q570 150 570 140Z"
            strokeWidth="4"
            className="fill-accent stroke-accent"
          />
          <g strokeWidth="3" className="stroke-muted">
            <path d="M580 70Q574 62 580 54T580 38" />
            <path d="M600 70Q594 62 600 54T600 38" />
          </g>
        </g>
      </svg>
      <figcaption className="mt-5 grid gap-x-6 gap-y-4 text-lg sm:grid-cols-[34fr_20fr_46fr]">
        {CAPTIONS.map(({ title, text }) => (
          <p key={title} className="text-pretty">
            <strong className="block font-mono text-base font-semibold text-accent">{title}</strong>
            {text}
          </p>
        ))}
      </figcaption>
    </figure>
  )
}
