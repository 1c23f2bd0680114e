/** String formats that the API server enforces in CRD schemas; it takes anything for a format that it does not know. */
import { isIP } from 'node:net'

const judges: Readonly<Record<string, (text: string) => boolean>> = {
  ipv4: text => isIP(text) === 4,
  ipv6: text => isIP(text) === 6,
  cidr: isPrefix,
  mac: text => /^([0-9a-f]{2}([:-])){5}[0-9a-f]{2}$/i.test(text),
  uuid: text => /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(text),
  hostname: text =>
    /^(?=.{1,255}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/i.test(text),
  uri: text => URL.canParse(text) || text.startsWith('/'),
  date: text => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)),
  'date-time': text => /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text)),
  duration: text => /^([-+]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+$|^0$/.test(text),
  byte: text => /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text),
}

function isPrefix(text: string): boolean {
  const [address = '', length = '', more] = text.split('/')
  const most = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : -1
  return more === undefined && /^\d{1,3}$/.test(length) && Number(length) <= most
}

export function formatFault(format: string, text: string): boolean {
  return judges[format]?.(text) === false
}
