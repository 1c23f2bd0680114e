/** Bodies of requests: reading them, and the media types that the server takes them in. */
import type { IncomingMessage } from 'node:http'
import { parse } from 'yaml'
import type { Json } from './json.ts'
import { decodeProtobuf, PROTOBUF } from './protobuf.ts'
import { ApiError, badRequest, unsupportedMediaType } from './status.ts'
import { duplicateFields } from './typed-fields.ts'
import { APPLY } from './write-options.ts'

export const JSON_TYPE = 'application/json'
const BODY_TYPES = [JSON_TYPE, 'application/yaml', PROTOBUF]
const LONGEST_BODY = 3 * 1024 * 1024

export interface Body {
  readonly body: Json | undefined
  /** Paths of fields that the text has twice in one object. */
  readonly duplicates: readonly string[]
}

/** @throws ApiError 400, 413 or 415 */
export async function readBody(request: IncomingMessage, contentType: string): Promise<Body> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LONGEST_BODY)
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${LONGEST_BODY}`)
    chunks.push(chunk)
  }
  if (length === 0) return { body: undefined, duplicates: [] }
  const bytes = Buffer.concat(chunks)
  if (contentType === PROTOBUF) return { body: decodeProtobuf(bytes), duplicates: [] }
  const text = bytes.toString()
  const isJson = contentType === JSON_TYPE || contentType.endsWith('+json')
  const isYaml = contentType === 'application/yaml' || contentType === APPLY
  if (!isJson && !isYaml) throw unsupportedMediaType(BODY_TYPES)
  try {
    // what clients call YAML mostly is JSON
    if (isJson || text.startsWith('{')) return { body: JSON.parse(text), duplicates: duplicateFields(text) }
    return { body: parse(text), duplicates: [] }
  } catch (thrown) {
    throw badRequest(`the body of the request is malformed: ${(thrown as Error).message}`)
  }
}
