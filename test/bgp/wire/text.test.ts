import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeText, encodeText } from '../../../bgp/wire/text.ts'

test('text goes there and back', () => {
  const text = 'naïve 日本 🦔'
  assert.equal(decodeText(encodeText(text, 255)), text)
})

test('text is cut off between characters', () => {
  assert.equal(decodeText(encodeText('日本', 5)), '日')
  assert.equal(encodeText('日', 2).length, 0)
  assert.equal(encodeText('a'.repeat(300), 255).length, 255)
})

test('octets that are no UTF-8 are no text', () => {
  assert.equal(decodeText(Uint8Array.of(0x41, 0xff)), undefined)
  assert.equal(decodeText(Uint8Array.of(0xe6, 0x97)), undefined)
})

test('what would steer a terminal or turn the writing around shows as a replacement', () => {
  const replaced = decodeText(new TextEncoder().encode('a\u001b[2J\u0000\u0085\u202eb\u2028'))
  assert.equal(replaced, 'a\ufffd[2J\ufffd\ufffd\ufffdb\ufffd')
})
