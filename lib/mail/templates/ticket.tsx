import { Text } from 'react-email'
import { Action, Letter, renderTemplate, type Template, text } from './letter'

export function renderTicket(): Promise<Template> {
  return renderTemplate(
    'Your ticket at Behind the Scenes',
    <Letter
      preview="A link that opens your ticket, once and within an hour."
      heading="Here it is, {{name}}."
      reason="You receive this mail because the ticket of your address was requested. If that was not you, ignore this mail, and nothing changes."
      notMe="Forget my address"
    >
      <Text style={text}>
        You have already signed up. The button moves your ticket to the browser in which you open it. Other
        browsers lose it. The link works once, within an hour.
      </Text>
      <Action href="{{lost}}">Open my ticket</Action>
    </Letter>,
  )
}
