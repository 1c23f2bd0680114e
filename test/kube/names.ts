/** What names, label keys and label values may be, and what the server says of those that may not. Pure; the words are its own. */

interface Format {
  readonly pattern: string
  readonly rule: string
  readonly examples: readonly string[]
}

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const LOWER = 'must consist of lower case alphanumeric characters'
const ENDS = 'and must start and end with an alphanumeric character'

const formats = {
  subdomain: {
    pattern: `${LABEL}(\\.${LABEL})*`,
    rule: `a lowercase RFC 1123 subdomain ${LOWER}, '-' or '.', ${ENDS}`,
    examples: ['example.com'],
  },
  label: {
    pattern: LABEL,
    rule: `a lowercase RFC 1123 label ${LOWER} or '-', ${ENDS}`,
    examples: ['my-name', '123-abc'],
  },
  serviceName: {
    pattern: '[a-z]([-a-z0-9]*[a-z0-9])?',
    rule: `a DNS-1035 label ${LOWER} or '-', start with an alphabetic character, and end with an alphanumeric character`,
    examples: ['my-name', 'abc-123'],
  },
  qualified: {
    pattern: '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]',
    rule: `must consist of alphanumeric characters, '-', '_' or '.', ${ENDS}`,
    examples: ['MyName', 'my.name', '123-abc'],
  },
  labelValue: {
    pattern: '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?',
    rule: `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', ${ENDS}`,
    examples: ['MyValue', 'my_value', '12345'],
  },
  configKey: {
    pattern: '[-._a-zA-Z0-9]+',
    rule: "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    examples: ['key.name', 'KEY_NAME', 'key-name'],
  },
} satisfies Record<string, Format>

/** What is wrong with a text of a format; empty when nothing is. */
export function formatFaults(text: string, format: keyof typeof formats, longest: number): string[] {
  const { pattern } = formats[format]
  const tooLong = text.length > longest ? [`must be no more than ${longest} characters`] : []
  return new RegExp(`^${pattern}$`).test(text) ? tooLong : [...tooLong, misfit(formats[format])]
}

function misfit({ pattern, rule, examples }: Format): string {
  return `${rule} (e.g. ${examples.map(example => `'${example}'`).join(',  or ')}, regex used for validation is '${pattern}')`
}

/** Of a label or annotation key such as `example.com/name`. */
export function keyFaults(key: string): string[] {
  const parts = key.split('/')
  if (parts.length > 2)
    return [
      `a qualified name ${misfit(formats.qualified)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  const [name = '', prefix] = parts.toReversed()
  const prefixFaults =
    prefix === '' ? ['must be non-empty'] : prefix === undefined ? [] : formatFaults(prefix, 'subdomain', 253)
  const nameFaults = [...(name === '' ? ['must be non-empty'] : []), ...formatFaults(name, 'qualified', 63)]
  return [...prefixFaults.map(fault => `prefix part ${fault}`), ...nameFaults.map(fault => `name part ${fault}`)]
}

export const labelValueFaults = (value: string) => formatFaults(value, 'labelValue', 63)
