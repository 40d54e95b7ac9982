import { expect } from '@playwright/test'
import { all } from 'email-misspelled'
import { suggestAddress } from '../../app/components/signup/suggest-address'
import { readInput } from '../../lib/http/input'
import { scrub } from '../../lib/log'
import { toFirstWord } from '../../lib/mail/first-word'
import { isRouterState } from '../../lib/ops/sanitize-requests'
import { toMailbox } from '../../lib/sending/mailbox'
import { canonicalAddress } from '../../lib/signup/address'
import { MAX_BYTES, signupInput } from '../../lib/signup/input'
import { test } from '../test'

test('the spellings of one mailbox are one, and those of two are two', () => {
  const same = [
    ['ada@example.com', 'ada+x@example.com'],
    ['adalovelace@gmail.com', 'ada.love.lace+x@googlemail.com'],
    [
      'adalovelace@proton.me',
      'ada_love-lace@protonmail.com',
      'ada.lovelace+x@pm.me',
      'adalovelace@protonmail.ch',
    ],
    ['ada@yandex.com', 'ada@yandex.ru', 'ada+x@ya.ru', 'ada@yandex.com.tr'],
    ['ada@icloud.com', 'ada@me.com', 'ada+x@mac.com'],
    ['base@yahoo.com', 'base-shop@yahoo.com', 'base-bank+x@yahoo.com'],
    ['base@yahoo.co.jp', 'base-shop@yahoo.co.jp'],
    ['base@ymail.com', 'base-shop@ymail.com'],
    ['ada@fastmail.com', 'ada+x@fastmail.com', 'shop@ada.fastmail.com'],
    ['ada@fastmail.fm', 'x+y@ada.fastmail.fm'],
  ]
  for (const spellings of same) expect(new Set(spellings.map(toMailbox)).size, spellings[0]).toBe(1)
  const mailboxes = [
    ...same.map(([spelling = '']) => spelling),
    'base@yahoo.fr',
    'a.b@example.com',
    'ab@example.com',
  ]
    .concat(['a-b@example.com', 'shop@ada.example.com', 'x@fastmail.com.example.com', 'base@myahoo.com'])
    // Anybody may own these.
    .concat(
      [
        'yandex.example',
        'yandex.shop',
        'yandex.com.example',
        'gmail.example',
        'proton.example',
        'icloud.example',
        'ya.example',
      ].map((domain) => `ada@${domain}`),
    )
    // Each label is another user; nothing but a label is no name.
    .concat(['delivered+1@resend.dev', 'delivered+2@resend.dev', '+x@example.com', '+y@example.com'])
  expect(new Set(mailboxes.map(toMailbox)).size).toBe(mailboxes.length)
})

test('a mail to a stranger has the first word of a name, and nothing that is no letter', () => {
  const words = {
    'Ada Lovelace': 'Ada',
    'BANK: order #123 of $999 confirmed. Not you? Call +1 800 555 or x.ai': 'BANK',
    '  “Ada”': 'Ada',
    'José María': 'José',
    'Jose\u0301': 'Jose\u0301',
    李小龍: '李小龍',
    'محمد علي': 'محمد',
    'नमस्ते दुनिया': 'नमस्ते',
    'می\u200cخواهم من': 'می\u200cخواهم',
    // Hangul fillers are letters, and look like spaces. Marks without a width belong to a word.
    'Call\u3164our\uFFA0hotline': 'Call',
    '\u115FBank\u1160fraud': 'Bank',
    'ᠮᠣᠩᠭᠣᠯ\u180B ᠦᠨ': 'ᠮᠣᠩᠭᠣᠯ\u180B',
    '1-800-HELP': 'HELP',
    '+1 800 555': 'Friend',
    '👩‍👩‍👧‍👦': 'Friend',
    [`${'a\u0301'.repeat(40)} b`]: 'a\u0301'.repeat(30),
    ['x'.repeat(80)]: 'x'.repeat(30),
  }
  for (const [name, word] of Object.entries(words)) expect(toFirstWord(name), name).toBe(word)
})

test('no line of the log has an address, and each is JSON', () => {
  const before = [
    '',
    ' ',
    '\n',
    '\t',
    '\r\n',
    '\u0007',
    '"',
    '\\',
    '\\\\',
    '<',
    'To:\n',
    'C:\\new\\',
    '\\\n',
    '\\\\\n',
    '\n\\',
    "'",
    '=',
    "\n'",
    "\n<'",
    'to=',
    "l'",
  ]
  for (const prefix of before)
    for (const local of ['nora.b+c', "o'nora", 'nora=b', 'élodie', '+nora', '%6Eora']) {
      const { msg } = JSON.parse(scrub(JSON.stringify({ msg: `${prefix}${local}@example.com, and on` })))
      // Text before an equals sign or an apostrophe may be part of the address.
      expect([`${prefix}<address>, and on`, '<address>, and on']).toContain(msg)
    }
})

// In quadratic time, one of these would take longer than the test may.
const LONG = 200_000

test('no text takes longer to read than others of its length', async () => {
  for (const part of ['a', ' ', '\u2800', 'a@', 'a.', 'a@a.', '; ', '(', '\\', '\n', "a'", 'a=']) {
    const text = part.repeat(LONG / part.length)
    for (const one of [`x${text}x`, `x@${text}`, `${text}@x.`]) {
      canonicalAddress(one)
      scrub(one)
    }
  }
  const headers = { 'content-type': `application/json${' '.repeat(LONG)}x` }
  const request = new Request('http://x', { method: 'POST', body: '{}', headers })
  await expect(readInput(request, signupInput, MAX_BYTES)).rejects.toMatchObject({ status: 415 })
  expect(isRouterState(`${'["",{"children":'.repeat(LONG / 16)}["",{}]${'}]'.repeat(LONG / 16)}`)).toBe(false)
})

/** Others that resemble a large provider, or are one under another suffix. */
const REAL = [
  ...[
    'mail.com',
    'email.com',
    'foxmail.com',
    'qmail.com',
    'tmail.com',
    'xmail.com',
    'amail.com',
    'cmail.com',
  ],
  ...[
    'hushmail.com',
    'popmail.com',
    'homemail.com',
    'yopmail.com',
    'flashmail.com',
    'prontomail.com',
    'lastmail.com',
  ],
  ...[
    'proton.me',
    'pm.me',
    'fastmail.fm',
    'icloud.com.cn',
    'yahoo.co.za',
    'yahoo.com.tw',
    'outlook.fr',
    'outlook.jp',
  ],
  ...[
    'gmx.com',
    'gmx.de',
    'web.de',
    'qq.com',
    '163.com',
    '126.com',
    'naver.com',
    'daum.net',
    'mail.ru',
    'bk.ru',
    'seznam.cz',
  ],
  ...[
    'wp.pl',
    'o2.pl',
    'onet.pl',
    'tuta.com',
    'hey.com',
    'zoho.com',
    'yandex.com',
    'aol.com',
    'msn.com',
    'live.com',
    'me.com',
  ],
]

test('no real provider gets a suggestion', () => {
  const domains = [...all, ...REAL]
  expect(domains.length).toBeGreaterThan(300)
  const asked = domains.filter((domain) => suggestAddress(`ada@${domain}`))
  expect(asked).toEqual([])
  for (const other of [
    '',
    'ada',
    'ada@',
    'ada@gmail',
    'ada@example.com',
    'ada@gmail.co',
    'ada@gmail.com.au',
    'ada@yaho.co.jp',
  ])
    expect(suggestAddress(other), other).toBeUndefined()
})

test('common typos are asked about', () => {
  const typos = {
    'gmail.com': [
      'gmial.com',
      'gamil.com',
      'gmai.com',
      'gmal.com',
      'gmaill.com',
      'gnail.com',
      'gmail.con',
      'gmial.cmo',
      'GMAIL.COMM',
    ],
    'hotmail.com': ['hotmial.com', 'hotmai.com', 'homail.com', 'hotmaill.com', 'hotnail.com', 'hotmail.vom'],
    'hotmail.co.uk': ['hotmial.co.uk'],
    'yahoo.com': ['yaho.com', 'yahooo.com', 'yhaoo.com', 'uahoo.com'],
    'outlook.com': ['outlok.com', 'outllook.com', 'oultook.com'],
    'icloud.com': ['iclod.com', 'iclodu.com', 'iclould.com'],
    'protonmail.com': ['protonmial.com', 'protomail.com'],
  }
  for (const [right, wrong] of Object.entries(typos))
    for (const domain of wrong) expect(suggestAddress(`Ada@${domain}`), domain).toBe(`Ada@${right}`)
})
