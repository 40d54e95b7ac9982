import { Text } from 'react-email'
import { Action, defineTemplate, Letter, text } from './letter'

/** After "This wasn't me" in a mail to a confirmed mailbox, perhaps by mistake. */
export default defineTemplate({
  subject: 'Shall we forget you?',
  letter: ({ name, forget, notMe }) => (
    <Letter
      preview="A link in one of our mails says that you want no more of them."
      heading={`Shall we forget you, ${name}?`}
      reason="You receive this mail because you have an account with this mailbox. If you do nothing, nothing changes."
      notMe={{ href: notMe, text: 'This wasn’t me' }}
    >
      <Text style={text}>
        “This wasn’t me” was pressed in a mail to this mailbox. Your account uses the same mailbox. Do you
        want us to erase your account, and not to email you for 30 days? Then press the button within a day.
      </Text>
      <Action href={forget}>Forget me</Action>
    </Letter>
  ),
})
