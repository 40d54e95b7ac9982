/** A browser that is not Playwright's. */
export type Browser = {
  openTab(): Promise<Tab>
  close(): Promise<void>
}

/** A tab, and the actions of its user. */
export type Tab = {
  goto(url: string): Promise<void>
  type(selector: string, text: string): Promise<void>
  click(selector: string): Promise<void>
  reload(): Promise<void>
  back(): Promise<void>
  /** Another tab or window is in front of it. */
  hide(): Promise<void>
  show(): Promise<void>
  close(): Promise<void>
  /** Returns the value of a JavaScript expression. */
  evaluate<Value>(expression: string): Promise<Value>
}

/** The screen of a phone, in CSS pixels. */
export const SIZE = { width: 390, height: 844 }
