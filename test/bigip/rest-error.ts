/**
 * The device's way of saying no: its status codes, message numbers and texts, which clients match on. `RestError` is thrown
 * by rules and handlers and becomes the answer in one place, the server. Which texts are those of devices is in README.md.
 */

/** Three makers of answers, three forms: mcpd and tmsh behind icrd_child, and restjavad itself. */
const MCPD = 3
const TMSH = 1
const NOTHING_GIVEN = 26_214_401
const TASK_RUNS = 32_964_609

export class RestError extends Error {
  readonly status: number
  readonly body: object | string

  /** @param body text where it is no JSON */
  constructor(status: number, body: object | string) {
    super(typeof body === 'object' && 'message' in body ? String(body.message) : `status ${status}`)
    this.status = status
    this.body = body
  }
}

function icrd(code: number, message: string, apiError: number): RestError {
  return new RestError(code, { code, message, errorStack: [], apiError })
}

let operations = 0

function restjavad(code: number, message: string, more: object = {}): RestError {
  const restOperationId = 1_000_000 + ++operations
  return new RestError(code, { code, message, ...more, referer: 'client', restOperationId, kind: ':resterrorresponse' })
}

export const exists = (title: string, path: string, partition: string) =>
  icrd(409, `01020066:3: The requested ${title} (${path}) already exists in partition ${partition}.`, MCPD)

export const notFound = (title: string, path: string) =>
  icrd(404, `01020036:3: The requested ${title} (${path}) was not found.`, MCPD)

/** A rule of mcpd's that has a number of its own. */
export const refused = (number: string, message: string, code = 400) => icrd(code, `${number}: ${message}`, MCPD)

export const configurationError = (message: string) => refused('01070734:3', `Configuration error: ${message}`)

/** @param property as tmsh writes it: `ip-address` */
export const fixed = (property: string) =>
  icrd(
    400,
    `"${property}" may not be specified in the context of the "modify" command. ` +
      `"${property}" may be specified using the following commands: create, list, show`,
    TMSH,
  )

export const unknownProperty = (property: string) => icrd(400, `"${property}" unknown property`, TMSH)

export const invalidValue = (property: string, value: unknown) =>
  icrd(400, `invalid property value "${property}":"${typeof value === 'string' ? value : JSON.stringify(value)}"`, TMSH)

export const missing = (property: string) =>
  icrd(400, `one or more properties must be specified: "${property}"`, NOTHING_GIVEN)

export const nothingGiven = () => icrd(400, 'one or more properties must be specified', NOTHING_GIVEN)

export const badBody = (message: string) => icrd(400, message, TMSH)

export const notSupported = (what: string) => icrd(400, `Operation is not supported on component ${what}.`, TMSH)

export const noTransaction = () => icrd(404, 'Missing transaction ID for this call.', TMSH)

export const transactionFailed = (code: number, message: string) => icrd(code, `transaction failed:${message}`, 2)

export const busy = () => icrd(503, 'There is an active asynchronous task executing.', TASK_RUNS)

export const mcpdLost = () => icrd(500, 'The connection to mcpd has been lost, try again.', MCPD)

export const asyncTimeout = () => restjavad(500, 'AsyncContext timeout')

/** @param path without `/mgmt` */
export const unregistered = (path: string) => restjavad(404, `Public URI path not registered: ${path}`)

export const noUserHeader = () =>
  restjavad(401, 'Authorization failed: no user authentication header or token detected.')

export const noSuchToken = () => restjavad(401, 'X-F5-Auth-Token does not exist.')

export const expiredToken = () => restjavad(401, 'X-F5-Auth-Token has expired.')

export const wrongPassword = () => restjavad(401, 'Authentication failed.')

export const lockedOut = () => restjavad(401, 'Maximum number of login attempts exceeded.')

export const tooManyTokens = (user: string) => restjavad(400, `user ${user} has reached maximum active login tokens`)

export const notAllowed = (message: string) => restjavad(403, message)

export const badRequest = (message: string) => restjavad(400, message)

/** httpd itself refuses Basic credentials, before restjavad sees the call. */
export const basicRefused = () =>
  new RestError(
    401,
    '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>401 Unauthorized</title>\n</head><body>\n' +
      '<h1>Unauthorized</h1>\n<p>This server could not verify that you are authorized to access the document.</p>\n</body></html>\n',
  )
