/** What a session agreed on and is held to, as fields of `podpeer peers ADDR`. */
import type { PeerFamilyStatus, PeerStatus } from '../control/document.ts'

type Field = readonly [name: string, text: string | undefined]

export function termFields(peer: PeerStatus): Field[] {
  const { role, longLived, longLivedStale, gracefulRestart: restart } = peer
  return [
    ['Software', [peer.hostName, peer.softwareVersion].filter(Boolean).join(', ') || undefined],
    ['Agreed', peer.agreed?.join(', ')],
    ['Role', role && `we are ${role.ours}, the peer ${role.peer === undefined ? 'says none' : `is ${role.peer}`}`],
    ['Profile', peer.profile],
    [
      'Graceful restart',
      restart &&
        [
          `${restart.restartTime}s`,
          ...(restart.restarting ? ['restarting'] : []),
          `forwarding ${restart.forwarding.join(', ') || 'nothing'}`,
          ...(restart.notification ? ['also after a NOTIFICATION'] : []),
        ].join(', '),
    ],
    ['Long-lived', longLived?.map(row => `${row.family} ${row.staleTime}s`).join(', ')],
    ['Late', longLivedStale && `its stale routes of ${longLivedStale.join(', ')} are the last resort`],
    ['Limits', peer.families.flatMap(limitOf).join('; ') || undefined],
  ]
}

function limitOf(status: PeerFamilyStatus): string[] {
  const { family, limit, received, prefixes = received, dropped = 0, withheld = 0 } = status
  const taken = limit && [
    `${family} ${prefixes} of ${limit.count} prefixes (${limit.action})`,
    ...(dropped > 0 ? [`${dropped} announcements not taken`] : []),
  ]
  return [...(taken ? [taken.join(', ')] : []), ...(withheld > 0 ? [`${family} ${withheld} routes not told`] : [])]
}
