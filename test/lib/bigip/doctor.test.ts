/** What the doctor finds on devices where modes and plan find nothing, and on nodes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { blockedOnNode, diagnose, trafficOf } from '../../../lib/bigip/doctor.ts'
import type { DeviceFacts } from '../../../lib/bigip/facts.ts'
import { desire } from '../../../lib/bigip/mode/index.ts'
import type { Row } from '../../../lib/bigip/row.ts'
import { parseIptables } from '../../../lib/linux/firewall/iptables.ts'
import { parseNft } from '../../../lib/linux/firewall/nft.ts'
import { blockAffinity, flannelConfig, flannelNode, node } from '../cni/objects.ts'
import { inputOf, selfIP, type Told } from './mode/scene.ts'

type VirtualServer = DeviceFacts['virtualServers'][number]

const BGP: Told = {
  cluster: { nodes: [node(1), node(2)], blockAffinities: [blockAffinity('node-1', '10.233.90.0/26')] },
  facts: { selfIPs: [selfIP('/Common/internal-self', '10.1.10.60/24', { allowService: ['all'] })] },
}
const OVERLAY: Told = {
  spec: { units: [{ name: 'bigip-a', address: '192.0.2.10', tunnel: { selfIPs: ['10.245.255.1/15'] } }] },
  cluster: { nodes: [flannelNode(1)], configMaps: [flannelConfig()] },
}

function findings(told: Told, more: { readonly routes?: readonly Row<'route'>[]; readonly unsaved?: boolean } = {}) {
  const input = inputOf(told)
  const { unit, facts, network } = input
  return diagnose({ unit, facts, network, desire: desire(input), ...more })
}

const route = (network: string, more: Partial<Row<'route'>['fields']> = {}): Row<'route'> => ({
  kind: 'route',
  name: '/Common/k8s-node-1-10.1.10.1',
  fields: { network, gateway: '10.1.10.1', ...more },
})

describe('a device', () => {
  test('that is as it should be has nothing', () => {
    assert.deepEqual([findings(BGP), findings(OVERLAY)], [[], []])
  })

  test('static routes within what BGP learns win over it, also longer ones; shorter ones and the default do not', () => {
    const told = (network: string) => findings(BGP, { routes: [route(network)] }).map(({ cause }) => cause)
    assert.deepEqual(told('10.233.90.0/26'), [
      'the static route /Common/k8s-node-1-10.1.10.1 (10.233.90.0/26 through 10.1.10.1) wins over what BGP learns of 10.233.90.0/26 from Node node-1, also when the node has gone or moved',
    ])
    assert.equal(told('10.233.90.32/27').length, 1)
    for (const network of ['10.233.90.0/25', '10.0.0.0/8', 'default', 'default-inet6', '192.0.2.0/24'])
      assert.deepEqual(told(network), [], network)
    const [{ remedy, subject } = {}] = findings(BGP, { routes: [route('10.233.90.0/26')] })
    assert.deepEqual([remedy, subject], ['tmsh delete net route /Common/k8s-node-1-10.1.10.1', 'unit bigip-a'])
  })

  test('routes of modes that route statically shadow nothing', () => {
    assert.deepEqual(findings({ ...BGP, spec: { mode: 'static' } }, { routes: [route('10.233.90.0/26')] }), [])
  })

  test('virtual servers without SNAT are named once, with the command for the first', () => {
    const server = (name: string, more: Partial<VirtualServer> = {}): VirtualServer => ({
      path: `/Common/${name}`,
      destination: '10.1.20.100:80',
      enabled: true,
      pool: '/Common/pods',
      snat: 'none',
      ...more,
    })
    const { pool: _, ...poolless } = server('forward')
    const quiet = [server('mapped', { snat: 'automap' }), server('off', { enabled: false }), poolless]
    const told = (servers: VirtualServer[]) => findings({ ...BGP, facts: { ...BGP.facts, virtualServers: servers } })
    assert.deepEqual(told(quiet), [])
    const [finding, ...others] = told([...quiet, ...['a', 'b', 'c', 'd', 'e'].map(name => server(name))])
    assert.deepEqual([finding!.code, others], ['virtual-server-without-snat', []])
    assert.match(finding!.cause, /^\/Common\/a, \/Common\/b, \/Common\/c and 2 more do not translate/)
    assert.equal(finding!.remedy, 'tmsh modify ltm virtual /Common/a source-address-translation { type automap }')
  })

  test('in an overlay of our own they are an error, for nothing but this device’s addresses is led back to it', () => {
    const virtualServers: VirtualServer[] = [
      { path: '/Common/a', destination: '10.1.20.100:80', enabled: true, pool: '/Common/pods', snat: 'none' },
    ]
    const told = (mode: 'podpeer-vxlan' | 'flannel-vxlan') =>
      findings({ ...OVERLAY, spec: { ...OVERLAY.spec, mode }, facts: { virtualServers } })
        .filter(({ code }) => code === 'virtual-server-without-snat')
        .map(({ severity }) => severity)
    assert.deepEqual([told('podpeer-vxlan'), told('flannel-vxlan')], [['error'], ['warning']])
  })

  test('a SNAT pool in use must lie in the tunnel subnets, for nodes send nothing else through the overlay', () => {
    const virtualServers = [
      { path: '/Common/web', destination: '10.1.20.100:80', enabled: true, snat: { pool: '/Common/out' } },
    ]
    const told = (members: string[], more: Told = OVERLAY) =>
      findings({ ...more, facts: { ...more.facts, virtualServers, snatPools: [{ path: '/Common/out', members }] } })
    assert.deepEqual(told(['10.245.255.1', '10.245.255.9']), [])
    const [{ code, cause, remedy } = {}] = told(['10.245.255.1', '10.1.10.80'])
    assert.equal(code, 'snat-pool-off-tunnel')
    assert.match(cause!, /\/Common\/out has 10\.1\.10\.80, outside of the tunnel's subnets \(10\.245\.255\.0\/24\)/)
    assert.equal(remedy, 'tmsh modify ltm snatpool /Common/out members replace-all-with { 10.245.255.1 }')
    assert.deepEqual(told(['10.1.10.80'], BGP), [])
  })

  test('a VNI or port that is not the overlay’s is an error', () => {
    const told = (tunnel: object) =>
      findings({ ...OVERLAY, spec: { ...OVERLAY.spec, tunnel } }).map(({ cause }) => cause)
    assert.deepEqual(told({ vni: 1, port: 8472 }), [])
    assert.deepEqual(told({ vni: 7 }), [
      "/Common/podpeer-c1-vxlan has VNI 7, and the cluster's overlay 1: neither takes the other's packets",
    ])
    assert.match(told({ port: 4789 })[0]!, / has UDP port 4789, and the cluster's overlay 8472/)
  })

  test('BFD ports that are shut are a note, for BGP does without', () => {
    const allowing = (...allowService: string[]) =>
      findings({ ...BGP, facts: { selfIPs: [selfIP('/Common/internal-self', '10.1.10.60/24', { allowService })] } })
    const [finding] = allowing('tcp:179', 'udp:3784')
    assert.deepEqual([finding!.code, finding!.severity], ['port-lockdown-bfd', 'note'])
    assert.equal(finding!.remedy, 'tmsh modify net self /Common/internal-self allow-service add { udp:4784 }')
    assert.deepEqual(allowing('tcp:179', 'udp:3784', 'udp:4784'), [])
    assert.deepEqual(allowing('tcp:179', 'udp:0'), [])
  })

  test('what a reboot would undo is a note', () => {
    assert.deepEqual(
      findings(BGP, { unsaved: true }).map(({ code, severity }) => [code, severity]),
      [['config-not-saved', 'note']],
    )
  })
})

describe('a node', () => {
  const traffic = (told: Told) => trafficOf(desire(inputOf(told)))

  test('has to let in what its mode sends, from the addresses of the device', () => {
    assert.deepEqual(traffic(OVERLAY), [{ what: 'VXLAN', protocol: 'udp', port: 8472, sources: ['10.1.10.60'] }])
    assert.deepEqual(traffic(BGP), [{ what: 'BGP', protocol: 'tcp', port: 179, sources: ['10.1.10.60'] }])
    assert.deepEqual(traffic({ ...BGP, spec: { mode: 'static' } }), [])
  })

  const SHUT = parseIptables('*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n', 4)
  const NFT_SHUT = parseNft(
    JSON.stringify({
      nftables: [{ chain: { family: 'inet', table: 'f', name: 'in', type: 'filter', hook: 'input', policy: 'drop' } }],
    }),
  )

  test('whose firewall drops that is told by which rule, and how to accept it', () => {
    const [finding, ...others] = blockedOnNode('node-1', new Map([['iptables', SHUT]]), traffic(OVERLAY))
    assert.deepEqual(finding, {
      code: 'node-firewall',
      severity: 'error',
      subject: 'Node node-1',
      cause: 'iptables drops VXLAN, udp port 8472 from 10.1.10.60: the policy of filter INPUT (drop)',
      remedy: 'iptables -I INPUT -s 10.1.10.60 -p udp --dport 8472 -j ACCEPT',
    })
    assert.deepEqual(others, [])
  })

  test('with the same ruleset in two languages is told once', () => {
    const chains = new Map([
      ['iptables', SHUT],
      ['nft', NFT_SHUT],
    ])
    assert.equal(blockedOnNode('node-1', chains, traffic(BGP)).length, 1)
    const [finding] = blockedOnNode('node-1', new Map([['nft', NFT_SHUT]]), traffic(BGP))
    assert.match(finding!.cause, /^nft drops BGP, tcp port 179 from 10\.1\.10\.60: the policy of inet f in \(drop\)$/)
  })

  test('is asked for any source where the device is not known', () => {
    const anywhere = [{ what: 'VXLAN', protocol: 'udp', port: 8472, sources: [] }] as const
    const some = parseIptables('*filter\n:INPUT DROP [0:0]\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\nCOMMIT\n', 4)
    assert.deepEqual(blockedOnNode('node-1', new Map([['iptables', some]]), anywhere), [])
    const [finding] = blockedOnNode('node-1', new Map([['iptables', SHUT]]), anywhere)
    assert.equal(finding!.remedy, 'iptables -I INPUT -p udp --dport 8472 -j ACCEPT')
  })
})
