/**
 * From one configuration of FRR to another as commands of vtysh that touch only what differs, so that no other session
 * flaps. Pure; it knows configurations as router-config.ts writes them: one `router bgp`, with families inside.
 */

/** Empty: nothing differs. @returns arguments for `vtysh -c` each, in order */
export function frrCommands(before: string, after: string): string[] {
  const [old, wanted] = [parseConfig(before), parseConfig(after)]
  if (old.router !== wanted.router)
    return ['configure terminal', `no ${old.router}`, ...after.split('\n').filter(line => line.trim() !== '')]
  const gone = new Set([...old.peers].filter(peer => !wanted.peers.has(peer)))
  const commands = [...gone].map(peer => `no neighbor ${peer}`)
  for (const [section, lines] of wanted.sections) {
    const formerly = (old.sections.get(section) ?? []).filter(line => !gone.has(peerOf(line) ?? ''))
    const removed = formerly.filter(line => !lines.includes(line)).map(negated)
    const added = lines.filter(line => !formerly.includes(line))
    if (removed.length + added.length === 0) continue
    commands.push(...(section === '' ? [] : [section]), ...removed, ...added)
    if (section !== '') commands.push('exit-address-family')
  }
  return commands.length === 0 ? [] : ['configure terminal', wanted.router, ...commands]
}

interface Parsed {
  /** `router bgp 65100` */
  readonly router: string
  readonly peers: ReadonlySet<string>
  /** Lines by `address-family …`; '' has those of the router itself. */
  readonly sections: ReadonlyMap<string, readonly string[]>
}

function parseConfig(text: string): Parsed {
  const sections = new Map<string, string[]>([['', []]])
  let [router, section] = ['', '']
  for (const line of text.split('\n').map(line => line.trim())) {
    if (line.startsWith('router bgp ')) router = line
    else if (line === 'exit-address-family') section = ''
    else if (line.startsWith('address-family ')) {
      section = line
      sections.set(section, [])
    } else if (router !== '' && line !== '') sections.get(section)!.push(line)
  }
  const peers = new Set([...sections.values()].flat().flatMap(line => peerOf(line) ?? []))
  return { router, peers, sections }
}

function peerOf(line: string): string | undefined {
  return /^neighbor (\S+) /.exec(line)?.[1]
}

function negated(line: string): string {
  return line.startsWith('no ') ? line.slice(3) : `no ${line}`
}
