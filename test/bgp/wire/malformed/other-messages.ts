/** Cases 18 and 49: NOTIFICATION and ROUTE-REFRESH. */

import { toHex } from '../hex.ts'
import { external } from '../update-parts.ts'
import { accepted, type MalformedRow, reset, whole } from './row.ts'

const enhanced = { ...external, enhancedRefresh: true }

const short = whole('routeRefresh', '0001 00')
const long = whole('routeRefresh', '0001 00 01 00')
/** Outbound route filters (RFC 5291) whose length runs past the end. */
const filters = whole('routeRefresh', '0001 00 01 01 40 ffff 80')

export const otherRows: readonly MalformedRow[] = [
  accepted(18, 'a NOTIFICATION of an unknown code', whole('notification', 'ee ff 00')),
  accepted(
    18,
    'a NOTIFICATION with as many octets of data as fit',
    whole('notification', `06 02 ${'ff'.repeat(4075)}`),
  ),
  accepted(18, 'a Hard Reset within Hard Resets', whole('notification', '06 09'.repeat(2038))),
  reset(49, 'a ROUTE-REFRESH of 22', short, '1/2', '0016'),
  reset(49, 'a ROUTE-REFRESH of 24', long, '1/2', '0018'),
  reset(49, 'a ROUTE-REFRESH with outbound route filters past the end', filters, '1/2', '001c'),
  reset(49, 'a ROUTE-REFRESH of 22 with RFC 7313', short, '7/1', toHex(short), enhanced),
  reset(49, 'a ROUTE-REFRESH of 24 with RFC 7313', long, '7/1', toHex(long), enhanced),
  reset(49, 'outbound route filters past the end with RFC 7313', filters, '7/1', toHex(filters), enhanced),
  accepted(49, 'a ROUTE-REFRESH of a family unknown here', whole('routeRefresh', '4004 00 48')),
  accepted(49, 'a ROUTE-REFRESH of subtype 3', whole('routeRefresh', '0001 03 01'), enhanced),
  accepted(49, 'an end of a refresh that had no beginning', whole('routeRefresh', '0001 02 01'), enhanced),
]
