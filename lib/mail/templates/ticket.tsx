import { Text } from 'react-email'
import { Action, Letter, renderTemplate, type Template, text } from './letter'

/** For whoever has signed up already, and has lost their ticket. */
export function renderTicket(): Promise<Template> {
  return renderTemplate(
    'Your ticket at Behind the Scenes',
    <Letter
      preview="A link that opens your ticket, once and within an hour."
      heading="Here it is, {{name}}."
      reason="You receive this mail because somebody asked for the ticket of your address. If it was not you, leave it alone, and nothing happens."
      notMe="Forget my address"
    >
      <Text style={text}>
        You have signed up already. This opens your ticket in the browser in which you press it, and no other
        one holds it from then on. It works once, and for an hour.
      </Text>
      <Action href="{{lost}}">Open my ticket</Action>
    </Letter>,
  )
}
