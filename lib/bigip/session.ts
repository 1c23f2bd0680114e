/** The token of one device: login, extension, renewal before it expires, logout. */

export interface Credentials {
  readonly username: string
  readonly password: string
}
