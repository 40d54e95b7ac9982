import { Text } from 'react-email'
import { Action, Letter, renderTemplate, type Template, text } from './letter'

/** Asks the owner of an account before their mailbox is silenced by a link in another mail. */
export function renderForget(): Promise<Template> {
  return renderTemplate(
    'Shall we forget you?',
    <Letter
      preview="A link in one of our mails says that you want no more of them."
      heading="Shall we forget you, {{name}}?"
      reason="You receive this mail because you have an account with this mailbox. If you do nothing, nothing changes."
      notMe="This wasn’t me"
    >
      <Text style={text}>
        Somebody pressed “This wasn’t me” in a mail to this mailbox. Your account belongs to it, too. If you
        want us to erase your account and not to email you for 30 days, press the button within a day.
      </Text>
      <Action href="{{forget}}">Forget me</Action>
    </Letter>,
  )
}
