/**
 * The one binding to the C library: system calls that Node has no word for. It knows sockets, namespaces and mounts by
 * number and nothing of what they are for. koffi is loaded with the first call, so that importing this file costs
 * nothing. Each function throws a WorldFault with the symbolic errno; messages never hold option values (keys).
 *
 * Reading and writing a descriptor is Node's own `fs.readSync` and `fs.writeSync`.
 */
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { getSystemErrorMessage } from 'node:util'
import { WorldFault } from '../base/failure.ts'

export const AF_INET = 2
export const AF_INET6 = 10
export const AF_NETLINK = 16

export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
export const SOCK_RAW = 3
export const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000

export const SOL_SOCKET = 1
const SO_ATTACH_FILTER = 26
const SO_DETACH_FILTER = 27

export const CLONE_NEWNET = 0x40000000

export const MS_BIND = 0x1000
export const MNT_DETACH = 2

const POLLIN = 1

const MSG_DONTWAIT = 0x40

const EFD_CLOEXEC = 0o2000000
const EFD_NONBLOCK = 0o4000

const F_GETFL = 3
const F_SETFL = 4

type Argument = number | bigint | string | Uint8Array | null
type Call = (...args: Argument[]) => number

interface Library {
  readonly koffi: typeof import('koffi')
  readonly errno: () => number
  readonly call: Readonly<Record<keyof typeof SIGNATURES, Call>>
  readonly attachFilter: (fd: number, level: number, name: number, program: object, length: number) => number
  /** Only glibc has it. */
  readonly trim: ((pad: number) => number) | undefined
}

const SIGNATURES = {
  socket: 'int socket(int domain, int type, int protocol)',
  bind: 'int bind(int fd, const uint8_t *address, uint32_t length)',
  setsockopt: 'int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t length)',
  getsockname: 'int getsockname(int fd, uint8_t *address, uint8_t *length)',
  listen: 'int listen(int fd, int backlog)',
  connect: 'int connect(int fd, const uint8_t *address, uint32_t length)',
  recvmsg: 'long recvmsg(int fd, void *message, int flags)',
  sendto: 'long sendto(int fd, const uint8_t *data, size_t size, int flags, const uint8_t *address, uint32_t length)',
  recvfrom: 'long recvfrom(int fd, uint8_t *data, size_t size, int flags, uint8_t *address, uint8_t *length)',
  close: 'int close(int fd)',
  setns: 'int setns(int fd, int kind)',
  unshare: 'int unshare(int flags)',
  mount: 'int mount(const char *source, const char *target, const char *kind, unsigned long flags, const char *data)',
  umount2: 'int umount2(const char *target, int flags)',
  poll: 'int poll(uint8_t *fds, unsigned long count, int timeout)',
  eventfd: 'int eventfd(unsigned int initial, int flags)',
  fcntl: 'int fcntl(int fd, int command, int value)',
}

let library: Library | undefined

function load(): Library {
  if (library !== undefined) return library
  if (process.platform !== 'linux')
    throw new WorldFault('ENOSYS', `the kernel interface needs Linux, this is ${process.platform}`, { retry: false })
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi')
  // the process itself carries its C library, whichever that is (glibc, musl)
  const self = koffi.load(null)
  const bound = Object.entries(SIGNATURES).map(([name, signature]) => [name, self.func(signature)])
  const program = koffi.struct({ length: 'uint16_t', instructions: 'const uint8_t *' })
  const attachFilter = self.func('setsockopt', 'int', ['int', 'int', 'int', koffi.pointer(program), 'uint32_t'])
  library = { koffi, errno: () => koffi.errno(), call: Object.fromEntries(bound), attachFilter, trim: trimOf(self) }
  return library
}

function trimOf(self: ReturnType<Library['koffi']['load']>): Library['trim'] {
  try {
    return self.func('int malloc_trim(size_t pad)')
  } catch {
    return undefined
  }
}

/** Calls; on -1 throws the fault of errno, its message opened by `what`. EINTR is tried again. */
function invoke(what: string, name: keyof typeof SIGNATURES, ...args: Argument[]): number {
  const { call, errno } = load()
  for (;;) {
    const result = call[name](...args)
    if (result >= 0) return result
    const code = errno()
    if (code !== constants.errno.EINTR) throw errnoFault(code, what)
  }
}

// of two names for one number the first stays: EAGAIN, not EWOULDBLOCK
const CODES = new Map(
  Object.entries(constants.errno)
    .toReversed()
    .map(([code, number]) => [number as number, code]),
)

/** `EADDRINUSE` for 98; `E4095` for a number that has no name. */
export function errnoCode(errno: number): string {
  return CODES.get(errno) ?? `E${errno}`
}

/** Trying again cannot help: the answer depends on what we are or what we asked for, not on the moment. */
const LASTING = new Set([
  'EPERM',
  'EACCES',
  'EINVAL',
  'EAFNOSUPPORT',
  'EPROTONOSUPPORT',
  'ENOTSUP',
  'ENOPROTOOPT',
  'ENOSYS',
])

/** @param errno positive */
export function errnoFault(errno: number, what: string): WorldFault {
  const code = errnoCode(errno)
  return new WorldFault(code, `${what}: ${CODES.has(errno) ? getSystemErrorMessage(-errno) : code} (${code})`, {
    retry: !LASTING.has(code),
  })
}

/**
 * Gives the kernel back the pages of freed memory that the C library keeps for later, of all threads, in milliseconds; after V8's
 * compilers have worked that can be tens of MiB. Other libraries than glibc keep little.
 */
export function trimMemory(): void {
  load().trim?.(0)
}

/** @param type SOCK_…, SOCK_NONBLOCK may be added; close-on-exec always is */
export function openSocket(family: number, type: number, protocol: number): number {
  return invoke('opening a socket', 'socket', family, type | SOCK_CLOEXEC, protocol)
}

/** @param address a struct sockaddr */
export function bindSocket(fd: number, address: Uint8Array, what = 'binding a socket'): void {
  invoke(what, 'bind', fd, address, address.length)
}

export function listenSocket(fd: number, backlog: number, what = 'listening'): void {
  invoke(what, 'listen', fd, backlog)
}

/** Of a datagram socket: where it sends to, and whom alone it hears. @param address a struct sockaddr */
export function connectSocket(fd: number, address: Uint8Array, what: string): void {
  invoke(what, 'connect', fd, address, address.length)
}

/** Octets at an address of their own, for structures that point to others. Never freed. */
export interface Memory {
  readonly address: bigint
  readonly bytes: Uint8Array
}

export function allocate(length: number): Memory {
  const { koffi } = load()
  const address = koffi.address(koffi.alloc('uint8_t', length))
  return { address, bytes: new Uint8Array(koffi.view(address, length)) }
}

/** @param header address of a struct msghdr @returns octets of the datagram; undefined: none waits */
export function receiveMessage(fd: number, header: bigint): number | undefined {
  const { call, errno } = load()
  for (;;) {
    const length = call.recvmsg(fd, header, MSG_DONTWAIT)
    if (length >= 0) return length
    const code = errno()
    // most calls but one find nothing: no fault is made of that
    if (code === constants.errno.EAGAIN) return undefined
    if (code !== constants.errno.EINTR) throw errnoFault(code, 'receiving a datagram')
  }
}

/** The struct sockaddr that a socket is bound to. */
export function socketName(fd: number): Uint8Array {
  const address = new Uint8Array(128)
  const length = uint32(address.length)
  invoke('asking for a socket name', 'getsockname', fd, address, length)
  return address.subarray(0, new Uint32Array(length.buffer)[0])
}

/** @param value a number means an int; `what` names the option in a fault */
export function setSocketOption(
  fd: number,
  level: number,
  name: number,
  value: number | Uint8Array,
  what: string,
): void {
  const bytes = typeof value === 'number' ? uint32(value) : value
  invoke(`setting ${what}`, 'setsockopt', fd, level, name, bytes, bytes.length)
}

/** @param address a struct sockaddr; `what` opens the message of a fault */
export function sendTo(fd: number, data: Uint8Array, address: Uint8Array, what: string): void {
  invoke(what, 'sendto', fd, data, data.length, 0, address, address.length)
}

/**
 * Takes one datagram from a socket that does not block.
 * @returns its octets, a view of `into`, and the struct sockaddr of its sender; undefined: there is none
 */
export function receiveFrom(
  fd: number,
  into: Uint8Array,
  what: string,
): { readonly data: Uint8Array; readonly sender: Uint8Array } | undefined {
  const sender = new Uint8Array(128)
  const length = uint32(sender.length)
  try {
    const size = invoke(what, 'recvfrom', fd, into, into.length, 0, sender, length)
    return { data: into.subarray(0, size), sender: sender.subarray(0, new Uint32Array(length.buffer)[0]) }
  } catch (thrown) {
    if (thrown instanceof WorldFault && thrown.code === 'EAGAIN') return undefined
    throw thrown
  }
}

/** Drops what the classic BPF program returns 0 for; takes the place of any before. @param instructions see socket-filter.ts */
export function attachFilter(fd: number, instructions: Uint8Array): void {
  const { attachFilter: attach, errno } = load()
  const program = { length: instructions.length / 8, instructions }
  if (attach(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, 16) < 0) throw errnoFault(errno(), 'attaching a socket filter')
}

export function detachFilter(fd: number): void {
  setSocketOption(fd, SOL_SOCKET, SO_DETACH_FILTER, 0, 'SO_DETACH_FILTER')
}

export function closeDescriptor(fd: number): void {
  invoke('closing a descriptor', 'close', fd)
}

/** Moves the calling thread into the namespace behind `fd`. @param kind CLONE_… or 0 for any */
export function setNamespace(fd: number, kind: number): void {
  invoke('entering a namespace', 'setns', fd, kind)
}

/** Gives the calling thread new namespaces. @param kinds CLONE_… */
export function unshare(kinds: number): void {
  invoke('making a namespace', 'unshare', kinds)
}

export function mount(source: string, target: string, kind: string, flags: number, data = ''): void {
  invoke(`mounting ${target}`, 'mount', source, target, kind, flags, data)
}

/** @param flags MNT_DETACH or 0 */
export function unmount(target: string, flags: number): void {
  invoke(`unmounting ${target}`, 'umount2', target, flags)
}

/** Reads and writes of the descriptor, and of all that share its open file, give EAGAIN from now on where they would wait. */
export function setNonBlocking(fd: number): void {
  const flags = invoke('reading the flags of a descriptor', 'fcntl', fd, F_GETFL, 0)
  invoke('setting the flags of a descriptor', 'fcntl', fd, F_SETFL, flags | SOCK_NONBLOCK)
}

/** A descriptor that turns readable when eight octets, a 64-bit count, are written to it. */
export function createEventDescriptor(): number {
  return invoke('making an eventfd', 'eventfd', 0, EFD_CLOEXEC | EFD_NONBLOCK)
}

/**
 * Blocks the calling thread until one of the descriptors is readable (or broken).
 * @param timeout milliseconds, -1 for ever
 * @returns for each descriptor whether it is
 */
export function pollReadable(fds: readonly number[], timeout: number): boolean[] {
  const bytes = new Uint8Array(8 * fds.length)
  const view = new DataView(bytes.buffer)
  for (const [at, fd] of fds.entries()) {
    view.setInt32(8 * at, fd, LITTLE_ENDIAN)
    view.setInt16(8 * at + 4, POLLIN, LITTLE_ENDIAN)
  }
  invoke('waiting for a descriptor', 'poll', bytes, fds.length, timeout)
  return fds.map((_, at) => view.getInt16(8 * at + 6, LITTLE_ENDIAN) !== 0)
}

/** The kernel speaks the machine's byte order. */
export const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

function uint32(value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Uint32Array.of(value).buffer)
}
