/** All rows, and the cases that no decoder decides alone. */

import { headerRows } from './header.ts'
import { openRows } from './open.ts'
import { otherRows } from './other-messages.ts'
import { attributeRows } from './update-attributes.ts'
import { multiprotocolRows } from './update-multiprotocol.ts'
import { sectionRows } from './update-sections.ts'
import { valueRows } from './update-values.ts'

export type { MalformedRow, Reaction, Session } from './row.ts'

export const malformedRows = [
  ...headerRows,
  ...openRows,
  ...otherRows,
  ...sectionRows,
  ...attributeRows,
  ...valueRows,
  ...multiprotocolRows,
].toSorted((a, b) => a.number - b.number)

/** What takes a session, a clock or routes to decide: test/bgp/malformed-session.test.ts. */
export const sessionCases: Readonly<Record<number, string>> = {
  16: 'UPDATE in OpenSent is answered with 5/1, in OpenConfirm with 5/2, an OPEN in Established with 5/3',
  17: 'of two connections the lower router id loses its own with 6/7; an established session stands, a third connection gets 6/7',
  54: 'octet by octet, and ten messages and a half in one segment, give the same; a flood of KEEPALIVEs delays nobody',
  55: 'a peer that reads nothing for longer than the hold time is answered with 8/0',
  56: 'a bulk load and a jump of the clock let no hold timer expire',
}
