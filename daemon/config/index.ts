/** The agent's configuration, as the rest of the daemon and the command line see it. */

export { type ConfigProblem, renderProblem } from '../../lib/schema/problem.ts'
export { type BigIpView, bigIpViews, type ClusterNode, clusterNode, isReflector } from './bigip.ts'
export { type ClusterFacts, type EffectiveConfig, effective, type NodeFacts } from './effective.ts'
export { type Judgement, judgeFile, parseFile } from './file.ts'
export type { PasswordSource } from './peer-schema.ts'
export type { EffectivePeer, EffectiveRange, EffectiveSession } from './peers.ts'
export { type AgentFile, jsonSchema } from './schema.ts'
export { NO_TUNNELS, type TunnelsView, type UnitTunnel } from './unit-tunnel.ts'
