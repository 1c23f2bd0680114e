/**
 * Makes the file system of podpeer's image out of what is installed here: Node's binary, the shared libraries that it and the
 * native modules link, the compiled package, its production dependencies. Needs no network, no base image and no container
 * program; `FROM scratch` (Containerfile) is all that is left to do. Linux, on a machine of the image's architecture.
 *
 *   npm run rootfs -- DIR
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
/** Where the package lives in the image. */
const HOME = '/opt/podpeer'
/** Of the user that the controller runs as; the agent is root, with the capabilities that it is given. */
const NOBODY = 65532

const NODE = realpathSync(process.execPath)
/** Loaded by name at run time, where a C library of before 2.34 has them in files of their own. */
const NAME_SERVICES = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2']
/** Where distributions keep the public certificate authorities. */
const AUTHORITIES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem']

/** Read by compilers, people and other runtimes, never by Node. */
const UNUSED =
  /\.([cm]?ts|map|md|markdown|c|cc|cpp|h|hh|hpp|S|asm|inc|gyp|flow|bare|html|zip)$|\/(test|tests|prebuilds)$/
/** What may not be left out, whatever it is called. */
const TERMS = /(licen[cs]e|notice|copying)[^/]*$/i

function build(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new Error(`${folder} is not empty`)
  const at = (path: string): string => join(folder, path)
  const write = (path: string, text: string, mode = 0o644): void => {
    mkdirSync(dirname(at(path)), { recursive: true })
    writeFileSync(at(path), text, { mode })
  }

  copyPackage(at(HOME))
  copyProgram(NODE, at('/usr/bin/node'))
  strip(at('/usr/bin/node'))
  for (const path of librariesOf([NODE, ...modulesIn(at(HOME))])) copyProgram(path, at(path))

  // by its absolute path: there is no shell and no env
  write('/usr/bin/podpeer', `#!/usr/bin/node\nimport('${HOME}/dist/daemon/main.js')\n`, 0o755)
  write('/etc/passwd', `root:x:0:0::/root:\npodpeer:x:${NOBODY}:${NOBODY}::/:\n`)
  write('/etc/group', `root:x:0:\npodpeer:x:${NOBODY}:\n`)
  write('/etc/nsswitch.conf', 'hosts: files dns\n')
  const authorities = AUTHORITIES.find(path => existsSync(path))
  if (authorities !== undefined) write('/etc/ssl/certs/ca-certificates.crt', readFileSync(authorities, 'utf8'))
  // what a runtime mounts things on
  for (const path of ['dev', 'proc', 'sys', 'run/podpeer', 'tmp']) mkdirSync(at(path), { recursive: true })
  chmodSync(at('/tmp'), 0o1777)
}

/** Compiled anew, so that what is in dist does not matter. */
function copyPackage(home: string): void {
  const compiler = ['-p', join(ROOT, 'tsconfig.build.json'), '--declaration', 'false', '--outDir', join(home, 'dist')]
  run(join(ROOT, 'node_modules/.bin/tsc'), compiler)
  for (const path of ['package.json', 'LICENSE']) cpSync(join(ROOT, path), join(home, path))
  for (const path of dependencies()) {
    const nested = join(ROOT, path, 'node_modules')
    cpSync(join(ROOT, path), join(home, path), {
      recursive: true,
      filter: source => source !== nested && (TERMS.test(source) || !UNUSED.test(source)),
    })
  }
}

/** Paths of the packages that the lock file does not keep for development alone, of those that are installed here. */
function dependencies(): string[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  return Object.entries<{ readonly dev?: boolean }>(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true && existsSync(join(ROOT, path)))
    .map(([path]) => path)
}

function modulesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(path => extname(path) === '.node')
    .map(path => join(folder, path))
}

/** With the loader itself, each once. */
function librariesOf(programs: readonly string[]): Set<string> {
  const listed = programs.flatMap(path =>
    Array.from(run('ldd', [path]).matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm), match => match[1]!),
  )
  const c = listed.find(path => /\/libc\.so\./.test(path))
  const named = c === undefined ? [] : NAME_SERVICES.map(name => join(dirname(c), name))
  return new Set([...listed, ...named.filter(path => existsSync(path))])
}

/** Under the path by which it is asked for, whatever that links to here. */
function copyProgram(path: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(realpathSync(path), to)
  chmodSync(to, 0o755)
}

/** A seventh of it is for debuggers; without binutils it stays. */
function strip(program: string): void {
  const { status, error, stderr } = spawnSync('strip', ['--strip-all', program], { encoding: 'utf8' })
  if (error === undefined && status !== 0) throw new Error(`strip ${program}: ${stderr.trim()}`)
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? `${stdout}${stderr}`.trim()}`)
  return stdout
}

try {
  const [folder, ...others] = process.argv.slice(2)
  if (folder === undefined || others.length > 0) throw new Error('name one folder: it becomes the root of the image')
  build(resolve(folder))
} catch (error) {
  console.error(`rootfs: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
