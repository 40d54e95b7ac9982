import { expect } from '@playwright/test'
import { test } from '../test'
import { surviveStorm } from './storm'

test('a short storm: people sign up while everything is hurt at random, and each gets one mail', {
  tag: '@long',
}, async ({ stack }) => {
  const { toll, faults } = await surviveStorm(stack, { minutes: 0.4, seed: 42 })
  expect(faults, JSON.stringify(toll, null, 2)).toEqual([])
  expect(toll['answered 201']).toBe(toll.signups)
  expect(toll['mails accepted']).toBe((toll.signups ?? 0) - (toll['invalid addresses'] ?? 0))
})
