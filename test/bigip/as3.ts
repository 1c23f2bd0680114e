/** AS3. */
import type { Box } from './box.ts'
import type { Answer, Request } from './request.ts'
import { unregistered } from './rest-error.ts'
export class As3 {
  constructor(_box: Box, _clock: () => number) {}
  handle({ path }: Request): Answer {
    throw unregistered(path)
  }
}
