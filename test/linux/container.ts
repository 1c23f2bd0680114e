/**
 * A container's view of the machine, for one process: all of its files, but /proc/sys read-only, as container runtimes have
 * it. It is a mount namespace of its own, which goes with the process.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { namespacePath } from '../../lib/linux/namespace.ts'

/** ROOT MOUNT PROGRAM…; where MOUNT is not empty the machine's /proc/sys/net is there, too, and can be written. */
const BUILD = `
root=$1 writable=$2; shift 2
mount -t tmpfs none "$root"
for entry in /*; do
  if [ -L "$entry" ]; then cp -P "$entry" "$root"
  elif [ -d "$entry" ]; then mkdir "$root$entry"; mount --rbind "$entry" "$root$entry"
  fi
done
mount --bind /proc/sys "$root/proc/sys"
mount -o remount,bind,ro,nosuid,nodev,noexec "$root/proc/sys"
if [ -n "$writable" ]; then
  mkdir -p "$root$writable"
  mount --bind /proc/sys/net "$root$writable"
fi
exec chroot "$root" "$@"`

export interface ContainerProcess {
  /** Of the network namespace. */
  readonly namespace: string
  /** Where the machine's /proc/sys/net is mounted. */
  readonly mount?: string
  /** Of an ES module, in TypeScript; imports by absolute paths. */
  readonly source: string
}

/** @returns what it printed and how it ended */
export function runInContainer({ namespace, mount = '', source }: ContainerProcess) {
  const root = mkdtempSync(join(tmpdir(), 'podpeer-container-'))
  const program = [process.execPath, '--input-type=module-typescript', '--eval', source]
  const words = [`--net=${namespacePath(namespace)}`, 'unshare', '--mount', 'sh', '-euc', BUILD, 'sh', root, mount]
  const { stdout, stderr, status } = spawnSync('nsenter', [...words, ...program], { encoding: 'utf8' })
  rmdirSync(root)
  return { stdout, stderr, status }
}
