import { Text } from 'react-email'
import { Action, defineTemplate, Letter, text } from './letter'

export default defineTemplate({
  subject: 'Your ticket at Behind the Scenes',
  letter: ({ name, lost, notMe }) => (
    <Letter
      preview="A link that opens your ticket, once and within an hour."
      heading={`Here it is, ${name}.`}
      reason="You receive this mail because the ticket of your address was requested. If that was not you, ignore this mail, and nothing changes."
      notMe={{ href: notMe, text: 'Forget my address' }}
    >
      <Text style={text}>
        You have already signed up. The button moves your ticket to the browser in which you open it. Other
        browsers lose it. The link works once, within an hour.
      </Text>
      <Action href={lost}>Open my ticket</Action>
    </Letter>
  ),
})
