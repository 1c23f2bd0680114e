/** Options of the commands that ask about devices: the controller behind a socket, or what the library here needs instead. */
import { Option } from 'commander'
import type { Tree } from './tree.ts'

const DEFAULT_SOCKET = '/run/podpeer/controller.sock'

/** @param flags where `--socket` is the agent's */
export function controllerSocketOption({ environment }: Tree, flags = '--socket <path>'): Option {
  const socket = environment['PODPEER_CONTROLLER_SOCKET'] || DEFAULT_SOCKET
  return new Option(flags, "the controller's control socket ($PODPEER_CONTROLLER_SOCKET)").default(socket)
}

export function withoutControllerOptions(): readonly Option[] {
  return [
    new Option('--bigip <file>', 'without a controller: BIGIP objects of this YAML file'),
    new Option('--kubeconfig <file>', 'without a controller: the cluster, and its BIGIPs where no file is named'),
    namespaceOption(),
  ]
}

export function namespaceOption(): Option {
  return new Option('--namespace <name>', "of the devices' Secrets ($POD_NAMESPACE, else podpeer)")
}
