/** The overlay engine, `import … from 'podpeer/vxlan'`. */
export { answerRows, answerSysctls } from './answers.ts'
export { type CarryingDevice, type DeviceFault, type DeviceVerdict, judgeDevices, OVERHEAD } from './device.ts'
export type { ProbeVerdict } from './probe/judge.ts'
export { type ProbeRequest, type ProbeResult, probeVtep } from './probe/probe.ts'
export type { Overlay, Vtep, WantedOverlay } from './vtep.ts'
export { vtepRows } from './wanted.ts'
