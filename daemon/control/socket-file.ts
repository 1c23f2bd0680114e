/**
 * The control socket's place in the file system: a folder that exists, a path the kernel takes, no live owner. A socket
 * that nobody listens on any more is removed; anything else that is in the way stays, and is an error.
 */
import { lstat, mkdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { InputFault, reasonOf, WorldFault } from '../../lib/base/failure.ts'

/** sun_path of sockaddr_un, less the final NUL (unix(7)). */
const LONGEST_PATH = 107

/**
 * Makes it possible to listen on `path`.
 * @throws InputFault for a path that no socket can have
 * @throws WorldFault `CONTROL_SOCKET_IN_USE` when somebody answers there, else with the system's code
 */
export async function prepareSocketFile(path: string): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_PATH)
    throw new InputFault('control.socket', `"${path}" is too long`, `use at most ${LONGEST_PATH} bytes`)
  try {
    await mkdir(dirname(path), { recursive: true })
    if (!(await exists(path))) return
    const answer = await knock(path)
    if (answer === 'live')
      throw new WorldFault('CONTROL_SOCKET_IN_USE', `another agent is running: it answers on ${path}`, { retry: true })
    if (answer !== 'stale')
      throw new WorldFault('CONTROL_SOCKET_BLOCKED', `${path} is in the way and is not a socket`, { retry: false })
    await rm(path, { force: true })
  } catch (error) {
    if (error instanceof WorldFault) throw error
    const code = (error as NodeJS.ErrnoException).code ?? 'CONTROL_SOCKET'
    throw new WorldFault(code, `the control socket ${path} cannot be made: ${reasonOf(error)}`, { retry: true })
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

async function knock(path: string): Promise<'live' | 'stale' | 'not a socket'> {
  if (!(await lstat(path)).isSocket()) return 'not a socket'
  return await new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve('live')
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // ENOENT: its owner has just gone and taken the file along
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve('stale')
      else reject(error)
    })
  })
}
