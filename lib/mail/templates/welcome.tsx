import { Section, Text } from 'react-email'
import { Action, defineTemplate, Letter, text } from './letter'

export default defineTemplate({
  subject: 'Welcome to Behind the Scenes',
  letter: ({ name, number, ticket, notMe }) => (
    <Letter
      top={`TICKET ${number}`}
      preview="Your account is ready. This mail was made while you did something else."
      heading={`Welcome, ${name}.`}
      reason="You receive this mail because your address was used to sign up. There will be no newsletter."
      notMe={{ href: notMe, text: 'This wasn’t me' }}
    >
      <Text style={text}>
        Your account was ready the moment you pressed the button. This mail was not, and you did not wait for
        it.
      </Text>
      <Text style={text}>
        Like a good coffee shop, the app took your order, handed you a ticket, and let you find a seat. A
        worker in the back made this for you and called your name.
      </Text>
      <Section style={quote}>
        <Text style={quoteText}>Say “got it” at once. Do the slow work behind the scenes.</Text>
      </Section>
      <Action href={ticket}>Your ticket</Action>
    </Letter>
  ),
})

const quote = { borderLeft: '3px solid #b4561f', margin: '28px 0', padding: '2px 0 2px 18px' }
const quoteText = { ...text, fontWeight: 600, margin: 0 }
