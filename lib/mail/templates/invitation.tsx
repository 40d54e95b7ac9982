import { Text } from 'react-email'
import { env } from '../../env'
import { Action, defineTemplate, Letter, text } from './letter'

export default defineTemplate({
  subject: 'An invitation to Behind the Scenes',
  letter: ({ name, notMe }) => (
    <Letter
      preview="Come in: it takes a moment, and the slow part happens behind the scenes."
      heading={`${name} invites you.`}
      reason={`You receive this mail because ${name} entered your address. There will be no second one from them.`}
      notMe={{ href: notMe, text: 'Do not write to me again' }}
    >
      <Text style={text}>
        {`${name} has signed up at Behind the Scenes, and thinks that you might like it too. This invitation is `}
        one of many that were ordered with a single click. A worker made them in the background.
      </Text>
      <Action href={env('APP_URL')}>Take a look</Action>
    </Letter>
  ),
})
